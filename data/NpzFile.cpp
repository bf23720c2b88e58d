// SPDX-License-Identifier: Apache-2.0
#include "data/NpzFile.h"

#include "data/NpyFile.h"
#include "data/Suggestion.h"

#include <algorithm>
#include <minizip/unzip.h>
#include <sstream>

using namespace dlc::data;

namespace {

using Archive = std::unique_ptr<void, int (*)(unzFile)>;

Archive openArchive(const std::string &path) {
  Archive archive(unzOpen64(path.c_str()), unzClose);
  if (!archive)
    throw Failure("cannot read '" + path + "' as an .npz file");
  return archive;
}

/// The current entry's name without ".npy", and its size.
std::string describeEntry(unzFile archive, const std::string &path, size_t &bytes) {
  unz_file_info64 info;
  char name[1024];
  if (unzGetCurrentFileInfo64(archive, &info, name, sizeof name, nullptr, 0, nullptr, 0) != UNZ_OK)
    throw Failure("'" + path + "' is broken");
  bytes = info.uncompressed_size;
  std::string text(name, std::min<size_t>(info.size_filename, sizeof name - 1));
  return text.size() > 4 && text.substr(text.size() - 4) == ".npy" ? text.substr(0, text.size() - 4) : text;
}

std::string readEntry(unzFile archive, const std::string &path, size_t bytes) {
  std::string content;
  if (unzOpenCurrentFile(archive) != UNZ_OK)
    throw Failure("'" + path + "' is broken");
  // The size that the archive claims is not allocated before there are as many bytes.
  char part[1 << 16];
  int got;
  while ((got = unzReadCurrentFile(archive, part, sizeof part)) > 0)
    content.append(part, static_cast<size_t>(got));
  if (unzCloseCurrentFile(archive) != UNZ_OK || got < 0 || content.size() != bytes)
    throw Failure("'" + path + "' is broken: an array in it has the wrong number of bytes");
  return content;
}

} // namespace

std::vector<std::string> dlc::data::listNpz(const std::string &path) {
  Archive archive = openArchive(path);
  std::vector<std::string> names;
  size_t bytes;
  for (int status = unzGoToFirstFile(archive.get()); status == UNZ_OK; status = unzGoToNextFile(archive.get()))
    names.push_back(describeEntry(archive.get(), path, bytes));
  return names;
}

Array dlc::data::readNpz(const std::string &path, const std::string &name) {
  Archive archive = openArchive(path);
  size_t bytes;
  for (int status = unzGoToFirstFile(archive.get()); status == UNZ_OK; status = unzGoToNextFile(archive.get()))
    if (describeEntry(archive.get(), path, bytes) == name) {
      std::istringstream content(readEntry(archive.get(), path, bytes));
      return readNpy(content, path + ":" + name, DLC_F32);
    }
  throw Failure("'" + path + "' holds no array '" + name + "'" + suggestion(name, listNpz(path)));
}
