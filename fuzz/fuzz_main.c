/* Replays files and folders through a fuzz target, so that a corpus is an ordinary test where there
 * is no libFuzzer. Every file is also fed with its prefixes of a few lengths. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    size_t cap = 1 << 20, n;
    uint8_t *bytes = malloc(cap);
    if (bytes == NULL) {
        fclose(f);
        return -1;
    }
    n = fread(bytes, 1, cap, f);
    fclose(f);
    const size_t cuts[] = {n, n / 2, n / 3, n > 0 ? n - 1 : 0, 0};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        /* an exact-size block, so that an over-read is seen by a sanitizer */
        uint8_t *exact = malloc(cuts[i] > 0 ? cuts[i] : 1);
        if (exact != NULL) {
            for (size_t k = 0; k < cuts[i]; k++) {
                exact[k] = bytes[k];
            }
            (void)LLVMFuzzerTestOneInput(exact, cuts[i]);
            free(exact);
        }
    }
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    size_t files = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) != 0) {
            perror(argv[i]);
            return 1;
        }
        if (!S_ISDIR(st.st_mode)) {
            files++;
            if (replay_file(argv[i]) != 0) {
                return 1;
            }
            continue;
        }
        struct dirent **list = NULL;
        int n = scandir(argv[i], &list, NULL, alphasort);
        for (int k = 0; k < n; k++) {
            char path[4096];
            if (list[k]->d_name[0] != '.' &&
                snprintf(path, sizeof path, "%s/%s", argv[i], list[k]->d_name) < (int)sizeof path) {
                files++;
                if (replay_file(path) != 0) {
                    return 1;
                }
            }
            free(list[k]);
        }
        free(list);
    }
    printf("replayed %zu inputs\n", files);
    return files > 0 ? 0 : 1;
}
