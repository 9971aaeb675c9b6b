/* The whole input is a postern.yaml. An accepted configuration must keep its own promises, because
 * the compiler copies its fields into images that every role checks. */
#include "control/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_arena arena;
    struct pst_err err = {0};
    struct pst_config *config = NULL;
    pst_arena_init(&arena, 1 << 16, 16 << 20);
    if (pst_config_parse(&arena, pst_str_of(data, size), PST_STR("/etc/postern"), &config, &err) ==
        PST_OK) {
        PST_BUG_ON(config->n_upstreams == 0 || config->n_models == 0);
        for (uint32_t i = 0; i < config->n_models; i++) {
            PST_BUG_ON(config->models[i].n_routes == 0);
            PST_BUG_ON(pst_image_model(config->models, config->n_models,
                                       pst_str_c(config->models[i].name)) != &config->models[i]);
            for (uint32_t k = 0; k < config->models[i].n_routes; k++) {
                PST_BUG_ON(config->models[i].routes[k].upstream >= config->n_upstreams);
            }
        }
        for (size_t i = 0; i < PST_LIMIT_COUNT; i++) {
            PST_BUG_ON(config->limits.v[i] > pst_limit_row((enum pst_limit)i)->hard);
        }
    } else {
        PST_BUG_ON(err.text[0] == 0);
    }
    pst_arena_release(&arena);
    return 0;
}
