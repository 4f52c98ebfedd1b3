/* A Check test that fails. SPDX-License-Identifier: MIT */
#include <check.h>
START_TEST(fails)
{
    ck_assert_int_eq(1, 2);
}
END_TEST
int main(void)
{
    Suite *s = suite_create("canary");
    TCase *c = tcase_create("canary");
    tcase_add_test(c, fails);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int bad = srunner_ntests_failed(r);
    srunner_free(r);
    return bad != 0;
}
