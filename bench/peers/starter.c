/* Starts so many programs a second that end at once, until it is ended. */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

int main(int count, char **arguments) {
  int rate = count > 1 ? atoi(arguments[1]) : 1;
  struct timespec next;
  char *command[] = {"true", NULL}, *environment[] = {NULL};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    pid_t pid;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, command, environment) != 0) return 1;
    waitpid(pid, NULL, 0);
    next.tv_nsec += 1000000000L / rate;
    next.tv_sec += next.tv_nsec / 1000000000L;
    next.tv_nsec %= 1000000000L;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
}
