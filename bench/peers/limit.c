/* The limit: what nobody can do for less. Preads the two files at each whole second; with any argument it says so. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static char buffer[16384];

int main(int count, char **arguments) {
  (void)arguments;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int snmp = open("/proc/net/snmp", O_RDONLY), netstat = open("/proc/net/netstat", O_RDONLY);
  struct timespec next;
  clock_gettime(CLOCK_REALTIME, &next);
  next.tv_nsec = 0;
  for (;;) {
    if (pread(snmp, buffer, sizeof buffer, 0) < 0 || pread(netstat, buffer, sizeof buffer, 0) < 0) return 1;
    if (count > 1 && write(1, "END\n", 4) < 0) return 1;
    next.tv_sec++;
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &next, NULL);
  }
}
