/* SPDX-License-Identifier: MIT */
/*
 * Runs a table of Check tests as one suite, and counts. The main() of each unit test calls it.
 */
#ifndef MINIVMM_TESTS_UNIT_H
#define MINIVMM_TESTS_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

#define UNIT_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* `loops` is how many rows the table of the test has, or 0 for a test without a table. */
struct unit_test {
	const TTest *test;
	size_t loops;
};

static inline int unit_run(const char *name, const struct unit_test *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < count; i++)
		tcase_add_loop_test(tcase, tests[i].test, 0,
				    tests[i].loops ? (int)tests[i].loops : 1);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const struct unit_test tests[] = { __VA_ARGS__ };                                  \
                                                                                                   \
		return unit_run(name, tests, UNIT_COUNT(tests));                                   \
	}

#endif
