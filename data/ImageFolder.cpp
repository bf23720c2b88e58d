// SPDX-License-Identifier: Apache-2.0
#include "data/ImageFolder.h"
#include "data/JpegTables.h"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <fstream>
#include <zlib.h>

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#pragma GCC diagnostic pop

using namespace dlc::data;
namespace fs = std::filesystem;

bool dlc::data::isImage(const std::string &path) {
  std::string ending = fs::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// What of a folder's entries `isWanted`, sorted.
template <typename Wanted> static std::vector<fs::path> listFolder(const fs::path &folder, Wanted isWanted) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, error))
    if (isWanted(entry))
      paths.push_back(entry.path());
  if (error)
    throw Failure("cannot read '" + folder.string() + "': " + error.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

ImageList dlc::data::listImages(const std::string &folder, bool canLackClasses) {
  std::error_code error;
  auto isFolder = [&](const fs::directory_entry &entry) { return entry.is_directory(error); };
  auto isFile = [](const fs::directory_entry &entry) { return isImage(entry.path().string()); };
  ImageList list;
  if (canLackClasses)
    for (const fs::path &file : listFolder(folder, isFile))
      list.files.push_back(file.string());
  if (!list.files.empty())
    return list;
  for (const fs::path &path : listFolder(folder, isFolder))
    for (const fs::path &file : listFolder(path, isFile)) {
      list.files.push_back(file.string());
      list.classes.push_back(path.filename().string());
    }
  if (list.files.empty())
    throw Failure("'" + folder + "' holds no images: put PNG or JPEG files into one folder for each class in it");
  return list;
}

ImageColumn::ImageColumn(std::vector<std::string> list, const Target &wanted) : files(std::move(list)), target(wanted) {
  auto isChannels = [](dlc_int64 extent) { return extent == 1 || extent == 3 || extent == 4; };
  isChannelsFirst = target.shape.size() == 3 && isChannels(target.shape[0]);
  if (target.shape.size() != 3 || (!isChannelsFirst && !isChannels(target.shape[2])) || target.shape[0] < 1 ||
      target.shape[1] < 1 || target.shape[2] < 1)
    throw Failure("images cannot be rows of '" + target.name + "', which have shape " + describeShape(target.shape) +
                  ": [channels, height, width] is needed, with 1, 3 or 4 channels");
  channels = static_cast<int>(target.shape[isChannelsFirst ? 0 : 2]);
  height = static_cast<int>(target.shape[isChannelsFirst ? 1 : 0]);
  width = static_cast<int>(target.shape[isChannelsFirst ? 2 : 1]);
}

/// The whole file.
static std::string readFile(const std::string &path) {
  std::error_code error;
  uintmax_t size = fs::file_size(path, error);
  if (error)
    throw Failure("cannot read '" + path + "': " + error.message());
  if (size > INT_MAX)
    throw Failure("cannot read '" + path + "': it is larger than 2 GB");
  std::string bytes(static_cast<size_t>(size), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw Failure("cannot read '" + path + "'");
  return bytes;
}

void ImageColumn::read(size_t row, unsigned char *to) const {
  int w, h, stored;
  std::string content = readFile(files[row]);
  if (hasOversizedHuffmanTable(content))
    throw Failure("cannot read '" + files[row] + "': a Huffman table has more than 256 codes");
  std::unique_ptr<stbi_uc, void (*)(void *)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc *>(content.data()), static_cast<int>(content.size()), &w, &h,
                            &stored, channels),
      stbi_image_free);
  if (!pixels) {
    const char *reason = stbi_failure_reason(); // stb_image does not always give one
    throw Failure("cannot read '" + files[row] + "': " + (reason ? reason : "broken"));
  }
  std::vector<unsigned char> resized;
  const unsigned char *source = pixels.get();
  if (w != width || h != height) {
    resized.resize(target.count());
    if (!stbir_resize_uint8(source, w, h, 0, resized.data(), width, height, 0, channels))
      throw Failure("no memory to resize '" + files[row] + "'");
    source = resized.data();
  }
  size_t bytes = dlc_element_bytes(target.type), plane = static_cast<size_t>(height) * static_cast<size_t>(width),
         count = static_cast<size_t>(channels);
  for (size_t pixel = 0; pixel < plane; ++pixel)
    for (size_t c = 0; c < count; ++c) {
      size_t position = isChannelsFirst ? c * plane + pixel : pixel * count + c;
      storeNumber(source[pixel * count + c] * target.scale, target.type, to + position * bytes);
    }
}

dlc_uint32 ImageColumn::checksum(dlc_uint32 before) const {
  // What the files are called and how large they are: reading them all takes as long as an epoch.
  uLong sum = before;
  for (const std::string &file : files) {
    std::error_code error;
    fs::path path(file);
    std::string text = path.parent_path().filename().string() + "/" + path.filename().string() + " " +
                       std::to_string(fs::file_size(path, error)) + "\n";
    sum = crc32_z(sum, reinterpret_cast<const Bytef *>(text.data()), text.size());
  }
  std::string form = describeNumber(target.scale);
  return static_cast<dlc_uint32>(crc32_z(sum, reinterpret_cast<const Bytef *>(form.data()), form.size()));
}
