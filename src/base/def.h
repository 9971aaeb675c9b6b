/* Compiler attributes, status codes and the two assertions everything uses. No other header is
 * pulled in by this one: a file includes what it names. */
#ifndef PST_BASE_DEF_H
#define PST_BASE_DEF_H

#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define PST_NODISCARD __attribute__((warn_unused_result))
#define PST_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define PST_CLEANUP(fn) __attribute__((cleanup(fn)))
#define PST_UNUSED __attribute__((unused))
#if defined(__has_attribute)
#if __has_attribute(nonstring)
#define PST_NONSTRING __attribute__((nonstring))
#endif
#endif
#ifndef PST_NONSTRING
#define PST_NONSTRING
#endif

/* A local that is filled before it is read, and large enough that the compiler's zeros would cost.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define PST_UNINIT __attribute__((uninitialized))
#endif
#endif
#ifndef PST_UNINIT
#define PST_UNINIT
#endif

#define PST_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The three answers of anything that may have to wait. A bug is neither: see PST_BUG_ON. */
enum pst_status {
    PST_OK = 0,
    PST_AGAIN = 1, /* more input, more room or more time is needed; nothing is wrong */
    PST_ERR = -1,  /* refused; the struct pst_err passed along says why */
};

/* Prints one line on standard error and aborts the process: for states that only a mistake in this
 * program can produce, never for input. */
noreturn void pst_bug(const char *file, int line, const char *what);

#define PST_BUG_ON(cond)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!!(cond), 0)) {                                                       \
            pst_bug(__FILE__, __LINE__, #cond);                                                    \
        }                                                                                          \
    } while (0)

#endif
