// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Interruption.h"

#include <csignal>
#include <initializer_list>
#include <unistd.h>

static volatile std::sig_atomic_t caught = 0;

static void onInterrupt(int signal) {
  caught = signal;
  // All that is printed from now on would raise this one again.
  if (signal == SIGPIPE)
    return;
  static const char text[] = "\r\033[Kstopping after this step; interrupt again to stop at once\n";
  if (isatty(STDERR_FILENO) && write(STDERR_FILENO, text, sizeof text - 1) < 0)
    return;
  std::signal(signal, SIG_DFL);
}

void dlcrun::catchInterruptions() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    struct sigaction before;
    if (!sigaction(signal, nullptr, &before) && before.sa_handler != SIG_IGN)
      std::signal(signal, onInterrupt);
  }
  // A file that grows beyond a limit is then an error of the write, which is reported.
  std::signal(SIGXFSZ, SIG_IGN);
}

int dlcrun::interruption() { return caught; }
