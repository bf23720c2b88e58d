// SPDX-License-Identifier: Apache-2.0
// A C++ program that opens a compiled digits network and classifies all images of a CSV file in one run on two threads.
// usage: classify LIBRARY.so DIGITS.csv
#include "dlc/runtime.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

int main(int argc, char **argv) try {
  if (argc != 3) {
    std::cerr << "usage: classify LIBRARY.so DIGITS.csv\n";
    return 1;
  }
  // 64 pixels from 0 to 16, then the digit; the first line names the columns.
  std::vector<float> pixels;
  std::vector<int> digits;
  std::ifstream file(argv[2]);
  std::string line, field;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    for (int i = 0; i < 64 && std::getline(fields, field, ','); ++i)
      pixels.push_back(std::stof(field) / 16);
    std::getline(fields, field);
    digits.push_back(std::stoi(field));
  }
  auto count = static_cast<dlc_int64>(digits.size());

  dlc::Library library(argv[1]);
  dlc::Pool pool(library.model(), 2);
  dlc::Context context(library.model(), dlc::contextOptions(2, pool.executor()));
  std::vector<float> probability(digits.size() * 10);
  context.run("run", {dlc::Tensor(pixels, {count, 1, 8, 8})}, {dlc::Tensor(probability, {count, 10})});

  int right = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    auto row = probability.begin() + static_cast<std::ptrdiff_t>(i) * 10;
    right += std::max_element(row, row + 10) - row == digits[i];
  }
  std::cout << right << " of " << count << " images correct\n";
  return 0;
} catch (const std::exception &error) {
  std::cerr << "error: " << error.what() << '\n';
  return 1;
}
