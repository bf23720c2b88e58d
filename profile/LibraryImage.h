// SPDX-License-Identifier: Apache-2.0
/// \file
/// Libraries for other architectures than this machine's: read, not loaded.
#ifndef DLC_PROFILE_LIBRARYIMAGE_H
#define DLC_PROFILE_LIBRARYIMAGE_H

#include "dlc/runtime_api.h"

#include <cstdlib>
#include <memory>
#include <string>

namespace dlc::profile {

/// The bytes of a library as they would be in memory, with the addresses in its data relocated. What abi.h describes
/// can be read in it: all architectures that dlc compiles for have 64-bit little-endian structures alike. Its functions
/// cannot be called.
class LibraryImage {
public:
  /// What the processor of the ELF file at `path` is called if it is not this machine's; empty for every other file.
  static std::string findForeignArchitecture(const std::string &path);

  /// Throws Failure if the file is cut short, damaged, or holds no model or several.
  explicit LibraryImage(const std::string &path);

  /// Its description, of which every name, shape and table has been found to be within the image. It lives as long as
  /// the image.
  const dlc_model &model() const { return *description; }

private:
  struct Free {
    void operator()(unsigned char *pointer) const { std::free(pointer); }
  };
  /// Whether `count` elements of `bytes` bytes from `address` on are within the image.
  bool holds(const void *address, size_t count, size_t bytes) const;
  bool holdsText(const char *text) const;
  bool holdsTensors(const dlc_tensor_info *tensors, dlc_uint32 count, dlc_uint32 symbols) const;
  bool holdsModel(const dlc_model &model) const;

  std::unique_ptr<unsigned char, Free> memory;
  size_t size = 0;
  const dlc_model *description = nullptr;
};

} // namespace dlc::profile

#endif // DLC_PROFILE_LIBRARYIMAGE_H
