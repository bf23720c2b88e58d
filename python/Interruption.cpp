// SPDX-License-Identifier: Apache-2.0
#include "python/Interruption.h"

#include <atomic>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<dlc_context *> running{nullptr};
std::atomic<bool> isInterrupted{false};
/// Handlers that are at work: a signal may come to any thread.
std::atomic<int> handlers{0};
struct sigaction pythons;

void onInterrupt(int signal, siginfo_t *info, void *machine) {
  ++handlers;
  if (dlc_context *context = running) {
    isInterrupted = true;
    dlc_context_cancel(context);
  }
  if (pythons.sa_flags & SA_SIGINFO)
    pythons.sa_sigaction(signal, info, machine);
  else
    pythons.sa_handler(signal);
  --handlers;
}

} // namespace

dlc::python::Interruption::Interruption(dlc_context *context) {
  // Libraries of older versions of dlc cannot be cancelled: the interpreter handles the signal after the run.
  if (syscall(SYS_gettid) != getpid() || !DLC_HAS(dlc_runtime_api, context->api, context_cancel))
    return;
  outer = running;
  if (outer) {
    isInstalled = true;
    running = context;
    return;
  }
  struct sigaction own = {};
  own.sa_sigaction = onInterrupt;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK;
  isInterrupted = false;
  // Until `running` is set, the handler only calls Python's.
  if (sigaction(SIGINT, nullptr, &pythons))
    return;
  bool isPythons = (pythons.sa_flags & SA_SIGINFO) || (pythons.sa_handler != SIG_DFL && pythons.sa_handler != SIG_IGN);
  if (!isPythons || sigaction(SIGINT, &own, nullptr))
    return;
  isInstalled = true;
  running = context;
}

bool dlc::python::Interruption::end() {
  if (!isInstalled)
    return false;
  running = outer;
  if (!outer)
    sigaction(SIGINT, &pythons, nullptr);
  while (handlers)
    usleep(1);
  isInstalled = false;
  return isInterrupted;
}

bool dlc::python::Interruption::hasCome() const { return isInstalled && isInterrupted; }
