/* Two threads add to one number. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stddef.h>
static int sum;
static void *add(void *arg)
{
    for (int k = 0; k < 1000; k++) sum += k;
    return arg;
}
int main(void)
{
    pthread_t a, b;
    if (pthread_create(&a, NULL, add, NULL) != 0 || pthread_create(&b, NULL, add, NULL) != 0) return 1;
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return sum == 12345;
}
