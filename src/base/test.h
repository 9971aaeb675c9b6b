/* For tests: cmocka with what it needs, and two checks that it lacks. */
#ifndef PST_BASE_TEST_H
#define PST_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_str(view, literal)                                                                  \
    do {                                                                                           \
        struct pst_str got_ = (view);                                                              \
        assert_int_equal(got_.n, sizeof(literal) - 1);                                             \
        assert_true(got_.n == 0 || memcmp(got_.p, (literal), got_.n) == 0);                        \
    } while (0)

/* The statement must end the process by a signal or a sanitizer's exit. */
#define assert_dies(statement)                                                                     \
    do {                                                                                           \
        fflush(NULL);                                                                              \
        pid_t pid_ = fork();                                                                       \
        assert_true(pid_ >= 0);                                                                    \
        if (pid_ == 0) {                                                                           \
            signal(SIGABRT, SIG_DFL);                                                              \
            signal(SIGSEGV, SIG_DFL);                                                              \
            if (freopen("/dev/null", "w", stderr) == NULL) {                                       \
                _exit(0);                                                                          \
            }                                                                                      \
            statement;                                                                             \
            _exit(0);                                                                              \
        }                                                                                          \
        int status_ = 0;                                                                           \
        assert_int_equal(waitpid(pid_, &status_, 0), pid_);                                        \
        assert_true(!WIFEXITED(status_) || WEXITSTATUS(status_) != 0);                             \
    } while (0)

#endif
