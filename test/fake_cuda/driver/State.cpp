// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/driver/State.h"
#include <cstdlib>
#include <map>
#include <sstream>

namespace fake_cuda {

uint64_t Environment::number(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  if (!text || !*text)
    return otherwise;
  char *end = nullptr;
  uint64_t value = strtoull(text, &end, 0);
  if (*end == 0)
    return value;
  report(std::string(name) + " is '" + text + "', which is not a number");
  abort();
}

bool Environment::logs() {
  const char *text = getenv("FAKE_CUDA_LOG");
  return text && *text && std::string(text) != "0";
}

LaunchOptions Environment::launchOptions() {
  LaunchOptions options;
  options.seed = number("FAKE_CUDA_SEED", 0);
  options.maxInstructions = number("FAKE_CUDA_MAX_INSTRUCTIONS", 0);
  options.countsTraffic = logs() || number("FAKE_CUDA_COUNT", 0) != 0;
  options.detectsRaces = number("FAKE_CUDA_RACES", 1) != 0;
  options.multiprocessors = multiprocessors();
  return options;
}

Driver &driver() {
  static auto *const instance = new Driver;
  return *instance;
}

std::vector<CUctx_st *> &contextStack() {
  thread_local std::vector<CUctx_st *> stack;
  return stack;
}

CUctx_st *currentContext() { return contextStack().empty() ? nullptr : contextStack().back(); }

void report(const std::string &message) { fprintf(stderr, "fake_cuda: %s\n", message.c_str()); }

void log(const std::string &message) {
  if (!Environment::logs())
    return;
  const char *target = getenv("FAKE_CUDA_LOG");
  if (std::string(target) == "1") {
    report(message);
    return;
  }
  if (FILE *file = fopen(target, "a")) {
    fprintf(file, "%s\n", message.c_str());
    fclose(file);
  }
}

/// FAKE_CUDA_FAIL=FUNCTION=CODE@N,...: the Nth call of FUNCTION returns CODE; without @N, every call does.
static CUresult injected(const char *function) {
  const char *text = getenv("FAKE_CUDA_FAIL");
  if (!text || !*text)
    return Success;
  static std::map<std::string, uint64_t> calls;
  uint64_t count = ++calls[function];
  std::istringstream rules(text);
  std::string rule;
  while (std::getline(rules, rule, ',')) {
    size_t equal = rule.find('='), at = rule.find('@');
    if (equal == std::string::npos || rule.substr(0, equal) != function)
      continue;
    if (at == std::string::npos || strtoull(rule.c_str() + at + 1, nullptr, 0) == count)
      return static_cast<CUresult>(strtol(rule.c_str() + equal + 1, nullptr, 0));
  }
  return Success;
}

CUresult enter(const char *function, Needs needs) {
  if (CUresult error = injected(function))
    return error;
  if (needs == Needs::Nothing)
    return Success;
  if (!driver().isInitialized)
    return NotInitialized;
  if (needs == Needs::Initialization)
    return Success;
  CUctx_st *context = currentContext();
  if (!context || context->retained == 0)
    return InvalidContext;
  return context->stickyError;
}

Call::Call(const char *function, Needs needs) : lock(driver().mutex), error(enter(function, needs)) {}

} // namespace fake_cuda
