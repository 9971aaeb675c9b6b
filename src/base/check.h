/* Checked arithmetic: false, and the result untouched, when the value does not fit. */
#ifndef PST_BASE_CHECK_H
#define PST_BASE_CHECK_H

#include "base/def.h"

#include <stdbool.h>

#define PST_CHECKED(name, type, builtin)                                                           \
    PST_NODISCARD static inline bool name(type a, type b, type *ret)                               \
    {                                                                                              \
        type value;                                                                                \
        if (builtin(a, b, &value)) {                                                               \
            return false;                                                                          \
        }                                                                                          \
        *ret = value;                                                                              \
        return true;                                                                               \
    }

PST_CHECKED(pst_add_size, size_t, __builtin_add_overflow)
PST_CHECKED(pst_mul_size, size_t, __builtin_mul_overflow)
PST_CHECKED(pst_add_u64, uint64_t, __builtin_add_overflow)
PST_CHECKED(pst_mul_u64, uint64_t, __builtin_mul_overflow)
PST_CHECKED(pst_add_i64, int64_t, __builtin_add_overflow)
PST_CHECKED(pst_sub_i64, int64_t, __builtin_sub_overflow)
PST_CHECKED(pst_mul_i64, int64_t, __builtin_mul_overflow)

#endif
