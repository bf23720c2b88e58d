// SPDX-License-Identifier: Apache-2.0
/// \file
/// Folders of PNG and JPEG files, one folder a class.
#ifndef DLC_DATA_IMAGEFOLDER_H
#define DLC_DATA_IMAGEFOLDER_H

#include "data/Column.h"

namespace dlc::data {

struct ImageList {
  std::vector<std::string> files;   ///< sorted by class, then by name
  std::vector<std::string> classes; ///< the folder of each file; empty: there are none
};

/// Whether the file's name ends like that of a PNG or JPEG file.
bool isImage(const std::string &path);

/// Lists FOLDER/CLASS/*.png, *.jpg and *.jpeg. Throws Failure if there are none. If `canLackClasses` and the folder
/// holds images itself, these are the list, and there are no classes.
ImageList listImages(const std::string &folder, bool canLackClasses = false);

/// Images as rows of shape [C, H, W] or [H, W, C] with C 1 (grey), 3 or 4, values 0 to 255 times the target's scale.
/// Other sizes are resized. Files are decoded when they are read.
class ImageColumn final : public Column {
public:
  ImageColumn(std::vector<std::string> files, const Target &target);

  size_t rows() const override { return files.size(); }
  void read(size_t row, unsigned char *to) const override;
  std::string describeRow(size_t row) const override { return files[row]; }
  dlc_uint32 checksum(dlc_uint32 before) const override;

private:
  std::vector<std::string> files;
  Target target;
  int channels, height, width;
  bool isChannelsFirst;
};

} // namespace dlc::data

#endif // DLC_DATA_IMAGEFOLDER_H
