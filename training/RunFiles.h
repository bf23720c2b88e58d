// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files that a training run writes: whether it can, whether another run does, and what killed runs left over.
#ifndef DLC_TRAINING_RUNFILES_H
#define DLC_TRAINING_RUNFILES_H

#include <string>

namespace dlc::training {

/// Throws Failure now where `path` could not be written after hours.
void expectWritable(const std::string &path);

/// Whether both paths lead to one file, which need not be there.
bool isSameFile(const std::string &a, const std::string &b);

/// Keeps other runs from writing a checkpoint, by a lock on FILE.lock, as long as it lives. The lock goes with the
/// process, however that ends.
class CheckpointLock {
public:
  /// An empty path: nothing. Throws Failure if another run has the lock, or if FILE is there but no regular file, which
  /// a checkpoint could replace. Removes what runs that were killed have left over.
  explicit CheckpointLock(const std::string &path);
  ~CheckpointLock();
  CheckpointLock(const CheckpointLock &) = delete;

private:
  std::string lockPath;
  int file = -1;
};

/// Writes a file as a whole or not at all. Throws Failure.
void writeWhole(const std::string &path, const std::string &content);

} // namespace dlc::training

#endif // DLC_TRAINING_RUNFILES_H
