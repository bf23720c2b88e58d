// SPDX-License-Identifier: Apache-2.0
#include "backends/link/CLibrary.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Object/ObjectFile.h"

using namespace dlc;

namespace {
/// A function and the minor version of glibc 2 that gave it its present form on x86-64; 0: as old as the architecture.
struct Entry {
  llvm::StringLiteral name;
  int minor = 0;
};
} // namespace

// Compiled code binds to the versions of Debian 12's headers, as a C compiler there would.
static constexpr Entry libcFunctions[] = {
    {"memcpy", 14},
    {"memset"},
    {"memmove"},
    {"memcmp"},
    {"bcmp"},
    {"memchr"},
    {"strlen"},
    {"strcmp"},
    {"strncmp"},
    {"strchr"},
    {"strcpy"},
    {"strncpy"},
    {"strcat"},
    {"strrchr"},
    {"strstr"},
    {"strtod"},
    {"strtol"},
    {"strtoull"},
    {"strerror"},
    {"strerror_r"},
    {"printf"},
    {"puts"},
    {"putchar"},
    {"sprintf"},
    {"snprintf"},
    {"vsnprintf"},
    {"malloc"},
    {"calloc"},
    {"realloc"},
    {"free"},
    {"aligned_alloc", 16},
    {"posix_memalign"},
    {"open"},
    {"close"},
    {"read"},
    {"pread"},
    {"write"},
    {"lseek"},
    {"fsync"},
    {"rename"},
    {"unlink"},
    {"fstat", 33},
    {"readlink"},
    {"mmap"},
    {"munmap"},
    {"mprotect"},
    {"madvise"},
    {"getenv"},
    {"secure_getenv", 17},
    {"getauxval", 16},
    {"sysconf"},
    {"getpid"},
    {"gettid", 30},
    {"prctl"},
    {"syscall"},
    {"abort"},
    {"qsort"},
    {"rand"},
    {"srand"},
    {"__assert_fail"},
    {"__stack_chk_fail", 4},
    {"__errno_location"},
    {"__cxa_atexit"},
    {"__cxa_finalize"},
    {"__register_atfork", 3},
    {"dladdr", 34},
    {"dlopen", 34},
    {"dlsym", 34},
    {"dl_iterate_phdr"},
    {"nanosleep"},
    {"usleep"},
    {"clock_gettime", 17},
    {"sched_yield"},
    {"sched_getaffinity", 3},
    {"pthread_create", 34},
    {"pthread_join", 34},
    {"pthread_detach", 34},
    {"pthread_self"},
    {"pthread_once", 34},
    {"pthread_mutex_init"},
    {"pthread_mutex_destroy"},
    {"pthread_mutex_lock"},
    {"pthread_mutex_unlock"},
    {"pthread_cond_wait", 3},
    {"pthread_cond_signal", 3},
    {"pthread_cond_broadcast", 3},
    {"pthread_attr_init"},
    {"pthread_attr_destroy"},
    {"pthread_attr_setstacksize", 34},
    {"pthread_attr_setdetachstate"},
    {"pthread_sigmask", 32},
    {"pthread_key_create", 34},
    {"pthread_getspecific", 34},
    {"pthread_setspecific", 34},
    {"sigfillset"},
};

// Each exists for double and, with the suffix f, for float.
static constexpr Entry libmFunctions[] = {
    {"acos"},      {"acosh"},     {"asin"},      {"asinh"},      {"atan"},    {"atan2"}, {"atanh"},
    {"cbrt"},      {"ceil"},      {"cos"},       {"cosh"},       {"erf"},     {"erfc"},  {"exp", 29},
    {"exp2", 29},  {"expm1"},     {"floor"},     {"fma"},        {"fmax"},    {"fmin"},  {"fmod"},
    {"hypot", 35}, {"ldexp"},     {"frexp"},     {"lgamma", 23}, {"log", 29}, {"log10"}, {"log1p"},
    {"log2", 29},  {"nearbyint"}, {"pow", 29},   {"remainder"},  {"rint"},    {"round"}, {"roundeven", 25},
    {"sin"},       {"sincos"},    {"sinh"},      {"sqrt"},       {"tan"},     {"tanh"},  {"tgamma"},
    {"trunc"},     {"copysign"},  {"fdim"},      {"llrint"},     {"llround"}, {"logb"},  {"lrint"},
    {"lround"},    {"modf"},      {"nextafter"}, {"scalbn"},
};

static llvm::StringRef versionName(int minor, const Target &target) {
  // The oldest version that an architecture's C library has is the one it was ported in; what is older there bears that
  // name.
  if (target.triple.isAArch64() && minor <= 17)
    return "GLIBC_2.17";
  switch (minor) {
  case 0:
    return "GLIBC_2.2.5";
  case 4:
    return "GLIBC_2.4";
  case 14:
    return "GLIBC_2.14";
  case 16:
    return "GLIBC_2.16";
  case 17:
    return "GLIBC_2.17";
  case 23:
    return "GLIBC_2.23";
  case 25:
    return "GLIBC_2.25";
  case 27:
    return "GLIBC_2.27";
  case 29:
    return "GLIBC_2.29";
  case 30:
    return "GLIBC_2.30";
  case 32:
    return "GLIBC_2.32";
  case 33:
    return "GLIBC_2.33";
  case 34:
    return "GLIBC_2.34";
  case 35:
    return "GLIBC_2.35";
  default:
    llvm_unreachable("a version that the tables above do not use");
  }
}

std::optional<CLibraryFunction> dlc::findCLibraryFunction(llvm::StringRef name, const Target &target) {
  for (const Entry &entry : libcFunctions) {
    if (entry.name != name)
      continue;
    // Three functions of glibc 2.3.x, whose names have a third number.
    if (entry.minor == 3 && !target.triple.isAArch64())
      return CLibraryFunction{"libc.so.6", name == "sched_getaffinity" ? "GLIBC_2.3.4" : "GLIBC_2.3.2"};
    return CLibraryFunction{"libc.so.6", versionName(entry.minor, target)};
  }
  for (const Entry &entry : libmFunctions) {
    if (entry.name == name)
      return CLibraryFunction{"libm.so.6", versionName(entry.minor, target)};
    if (name.size() == entry.name.size() + 1 && name.starts_with(entry.name) && name.ends_with("f"))
      // The float forms of the functions that changed in 2.29 changed two releases before.
      return CLibraryFunction{"libm.so.6", versionName(entry.minor == 29 ? 27 : entry.minor, target)};
  }
  return std::nullopt;
}
