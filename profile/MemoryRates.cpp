// SPDX-License-Identifier: Apache-2.0
// Rates of reading, and how rates are measured.
#include "profile/RoofMeasurement.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace dlc::profile;

namespace {

/// What the calling thread has computed: while another program has its core, no time passes.
double threadSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Adds up `bytes` bytes, a multiple of 512, so that none of eight sums waits for another.
#if defined(__x86_64__)
__attribute__((target("avx512f"))) void readAvx512(const char *data, size_t bytes) {
  __m512i sums[8] = {};
  for (size_t i = 0; i < bytes; i += 512)
#pragma unroll
    for (int j = 0; j < 8; ++j)
      sums[j] = _mm512_or_si512(sums[j], _mm512_load_si512(data + i + size_t{64} * j));
  for (__m512i &sum : sums)
    asm volatile("" : : "m"(sum));
}
__attribute__((target("avx2"))) void readAvx2(const char *data, size_t bytes) {
  __m256i sums[8] = {};
  for (size_t i = 0; i < bytes; i += 256)
#pragma unroll
    for (int j = 0; j < 8; ++j)
      sums[j] =
          _mm256_or_si256(sums[j], _mm256_load_si256(reinterpret_cast<const __m256i *>(data + i + size_t{32} * j)));
  for (__m256i &sum : sums)
    asm volatile("" : : "m"(sum));
}
#endif
void readBase(const char *data, size_t bytes) {
  using Vector = long long __attribute__((vector_size(16)));
  Vector sums[8] = {};
  for (size_t i = 0; i < bytes; i += 128)
#pragma unroll
    for (int j = 0; j < 8; ++j)
      sums[j] |= *reinterpret_cast<const Vector *>(data + i + size_t{16} * j);
  for (Vector &sum : sums)
    asm volatile("" : : "m"(sum));
}

void (*chooseReader())(const char *, size_t) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return readAvx512;
  if (__builtin_cpu_supports("avx2"))
    return readAvx2;
#endif
  return readBase;
}

/// A block of memory that the thread which asks for it has written.
std::shared_ptr<char> allocate(size_t bytes) {
  constexpr size_t hugePage = size_t{2} << 20;
  size_t rounded = (bytes + hugePage - 1) / hugePage * hugePage;
  char *memory = static_cast<char *>(std::aligned_alloc(hugePage, rounded));
  if (!memory)
    throw std::bad_alloc();
  madvise(memory, rounded, MADV_HUGEPAGE);
  std::memset(memory, 1, bytes);
  return {memory, std::free};
}

Workload readBlock(size_t bytes) {
  bytes = std::max<size_t>(bytes / 512 * 512, 512);
  auto read = chooseReader();
  // One call is long enough that the time of calling does not count.
  size_t repeats = std::max<size_t>((size_t{256} << 10) / bytes, 1);
  return {[=] {
            std::shared_ptr<char> block = allocate(bytes);
            return [=] {
              for (size_t i = 0; i < repeats; ++i)
                read(block.get(), bytes);
            };
          },
          static_cast<double>(bytes) * static_cast<double>(repeats)};
}

/// "48K" or "32M" in bytes.
double parseSize(const std::string &text) {
  char *end;
  double size = std::strtod(text.c_str(), &end);
  return size * (*end == 'K' ? 1 << 10 : *end == 'M' ? 1 << 20 : 1);
}

/// Data caches of the first CPU that this process may use, by level, as the system tells; what it does not tell is
/// left out.
std::vector<MemoryLevel> findCaches() {
  std::vector<MemoryLevel> caches;
  for (int index = 0; index < 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::string level, type, size;
    std::ifstream(folder + "level") >> level;
    std::ifstream(folder + "type") >> type;
    std::ifstream(folder + "size") >> size;
    if (!level.empty() && type != "Instruction" && parseSize(size) > 0)
      caches.push_back({"L" + level, parseSize(size), {}});
  }
  std::sort(caches.begin(), caches.end(), [](const MemoryLevel &a, const MemoryLevel &b) { return a.bytes < b.bytes; });
  return caches;
}

} // namespace

unsigned dlc::profile::countCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) ? 1 : std::max(CPU_COUNT(&set), 1);
}

double dlc::profile::measureRate(const Workload &workload, unsigned threads) {
  constexpr double attemptSeconds = 0.04;
  constexpr int attempts = 4;
  double best = 0;
  std::vector<std::function<void()>> work(threads);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    std::atomic<unsigned> ready{0};
    std::vector<double> rates(threads);
    auto measure = [&](unsigned index) {
      if (!work[index])
        work[index] = workload.make();
      work[index]();
      // All begin at once.
      for (++ready; ready < threads;)
        std::this_thread::yield();
      double start = threadSeconds(), calls = 0, seconds;
      do {
        work[index]();
        ++calls;
      } while ((seconds = threadSeconds() - start) < attemptSeconds);
      rates[index] = calls * workload.amount / seconds / 1e9;
    };
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i)
      others.emplace_back(measure, i);
    measure(0);
    for (std::thread &thread : others)
      thread.join();
    double sum = 0;
    for (double rate : rates)
      sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

std::vector<std::pair<MemoryLevel, Workload>> dlc::profile::memoryWorkloads(unsigned cores) {
  std::vector<std::pair<MemoryLevel, Workload>> all;
  std::vector<MemoryLevel> caches = findCaches();
  double largest = size_t{8} << 20;
  for (size_t i = 0; i < caches.size(); ++i) {
    // The last level is shared: all threads together stay inside it.
    bool isLast = i + 1 == caches.size() && caches.size() > 2;
    double block = caches[i].bytes / 2 / (isLast ? cores : 1);
    // Three quarters of a level that is hardly larger than the one before.
    if (i > 0 && block < 2 * caches[i - 1].bytes && !isLast)
      block = caches[i].bytes * 3 / 4;
    all.emplace_back(caches[i], readBlock(static_cast<size_t>(block)));
    largest = std::max(largest, caches[i].bytes);
  }
  // Large against what other caches of the machine may hold, small enough for any machine.
  double block = std::min(std::max(4 * largest, double(size_t{64} << 20)), double(size_t{512} << 20));
  all.emplace_back(MemoryLevel{"memory", 0, {}}, readBlock(static_cast<size_t>(block / cores)));
  return all;
}
