// SPDX-License-Identifier: Apache-2.0
#include "training/RunFiles.h"

#include "data/Array.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlc::data;
using namespace dlc::training;
namespace fs = std::filesystem;

static fs::path folderOf(const fs::path &path) { return path.has_parent_path() ? path.parent_path() : "."; }

[[noreturn]] static void failToWrite(const std::string &path, const char *why) {
  throw Failure("cannot write '" + path + "': " + why);
}

void dlc::training::expectWritable(const std::string &path) {
  if (path.empty())
    return;
  if (fs::is_directory(path))
    failToWrite(path, "it is a folder");
  // A file is replaced, which is a matter of its folder; a device is not.
  bool isReplaced = !fs::exists(path) || fs::is_regular_file(path);
  if (access(isReplaced ? folderOf(path).c_str() : path.c_str(), W_OK))
    failToWrite(path, std::strerror(errno));
}

bool dlc::training::isSameFile(const std::string &a, const std::string &b) {
  if (a.empty() || b.empty())
    return false;
  std::error_code error;
  if (fs::equivalent(a, b, error))
    return true;
  return fs::path(a).filename() == fs::path(b).filename() && fs::equivalent(folderOf(a), folderOf(b), error);
}

/// Removes FILE.RANDOM.tmp (16 hexadecimal digits), which are checkpoints whose writers were killed: the one that holds
/// the lock is alone.
static void removeLeftovers(const fs::path &path) {
  std::error_code error;
  std::string begin = path.filename().string() + ".", end = ".tmp";
  for (const fs::directory_entry &entry : fs::directory_iterator(folderOf(path), error)) {
    std::string name = entry.path().filename().string();
    if (name.size() == begin.size() + 16 + end.size() && !name.compare(0, begin.size(), begin) &&
        name.find_first_not_of("0123456789abcdef", begin.size()) == begin.size() + 16 &&
        !name.compare(begin.size() + 16, end.size(), end))
      fs::remove(entry.path(), error);
  }
}

CheckpointLock::CheckpointLock(const std::string &path) {
  if (path.empty())
    return;
  if (fs::exists(path) && !fs::is_regular_file(path))
    failToWrite(path, "it is not a regular file");
  lockPath = path + ".lock";
  struct stat mine, there;
  do {
    if (file >= 0)
      close(file);
    file = open(lockPath.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
      failToWrite(path, std::strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB)) {
      bool isTaken = errno == EWOULDBLOCK;
      char process[24] = {};
      bool isKnown = isTaken && read(file, process, sizeof process - 1) > 0;
      close(file);
      file = -1;
      // File systems without locks exclude nobody.
      if (!isTaken)
        return;
      throw Failure("another run" + (isKnown ? " (process " + std::string(process) + ")" : std::string()) +
                    " is writing '" + path + "': wait for it, or give this run a file of its own");
    }
    // The one that had the lock before may have removed the file between our opening and our locking it.
  } while (fstat(file, &mine) || stat(lockPath.c_str(), &there) || mine.st_ino != there.st_ino ||
           mine.st_dev != there.st_dev);
  // Only for the message above: on a full disk, or under a limit, it is shorter.
  std::string process = std::to_string(getpid());
  if (ftruncate(file, 0) || write(file, process.data(), process.size()) < 0)
    errno = 0;
  removeLeftovers(path);
}

CheckpointLock::~CheckpointLock() {
  if (file < 0)
    return;
  unlink(lockPath.c_str());
  close(file);
}

void dlc::training::writeWhole(const std::string &path, const std::string &content) {
  // A device or a pipe is written as it is.
  bool isReplaced = !fs::exists(path) || fs::is_regular_file(path);
  // A name that nobody can guess, and no file that was there, in a folder that others may write to.
  std::random_device device;
  std::string target = isReplaced ? path + "." + std::to_string(device()) + std::to_string(device()) + ".tmp" : path;
  int file = open(target.c_str(), O_WRONLY | O_CLOEXEC | (isReplaced ? O_CREAT | O_EXCL : 0), 0666);
  if (file < 0)
    failToWrite(path, std::strerror(errno));
  int reason = 0;
  for (size_t done = 0; done < content.size() && !reason;) {
    ssize_t put = write(file, content.data() + done, content.size() - done);
    if (put >= 0)
      done += static_cast<size_t>(put);
    else if (errno != EINTR)
      reason = errno;
  }
  if (close(file) && !reason)
    reason = errno;
  if (isReplaced && !reason && std::rename(target.c_str(), path.c_str()))
    reason = errno;
  if (!reason)
    return;
  if (isReplaced)
    unlink(target.c_str());
  failToWrite(path, std::strerror(reason));
}
