// SPDX-License-Identifier: Apache-2.0
/// \file
/// A file in memory, for readers that take a path.
#ifndef DLC_TEST_FUZZ_MEMORYFILE_H
#define DLC_TEST_FUZZ_MEMORYFILE_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace dlc::fuzz {

/// Holds `size` bytes; goes with the object.
class MemoryFile {
public:
  MemoryFile(const uint8_t *data, size_t size) : descriptor(memfd_create("fuzz", MFD_CLOEXEC)) {
    for (size_t done = 0; done < size;) {
      ssize_t written = write(descriptor, data + done, size - done);
      if (written <= 0)
        std::abort(); // no descriptor or no memory: nothing can be tested
      done += static_cast<size_t>(written);
    }
    path = "/proc/self/fd/" + std::to_string(descriptor);
  }
  ~MemoryFile() { close(descriptor); }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;

  const std::string &getPath() const { return path; }

private:
  int descriptor;
  std::string path;
};

} // namespace dlc::fuzz

#endif // DLC_TEST_FUZZ_MEMORYFILE_H
