// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/LayerSummary.h"

#include "data/Failure.h"
#include "profile/LayerRows.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::data;
using namespace dlcrun;
using Json = nlohmann::ordered_json;

std::string dlcrun::listLayersOfModel(const std::string &path) {
  std::error_code error;
  std::string compiler = (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "dlc").string();
  int pipe[2];
  if (::pipe(pipe))
    throw Failure("cannot start '" + compiler + "': " + std::strerror(errno));
  pid_t process = fork();
  if (process == 0) {
    dup2(pipe[1], STDOUT_FILENO);
    close(pipe[0]);
    close(pipe[1]);
    execl(compiler.c_str(), compiler.c_str(), path.c_str(), "--list-layers", nullptr);
    std::fprintf(stderr, "error: cannot start '%s': %s\n", compiler.c_str(), std::strerror(errno));
    _exit(1);
  }
  close(pipe[1]);
  std::string text;
  char part[4096];
  ssize_t count = 0;
  while (process > 0 && ((count = read(pipe[0], part, sizeof part)) > 0 || (count < 0 && errno == EINTR)))
    text.append(part, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  close(pipe[0]);
  int status = 1;
  while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR)
    continue;
  if (process < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
    throw Failure("'" + compiler + "' could not read the model");
  return text;
}

Json dlcrun::readLayers(const std::string &text) {
  Json layers = Json::array();
  for (const dlc::profile::LayerRow &row : dlc::profile::readLayerRows(text))
    layers.push_back({{"name", row.name},
                      {"op", row.op},
                      {"shape", row.shape},
                      {"parameters", row.parameters},
                      {"operations", row.operations}});
  return layers;
}

/// "1,234,567"
static std::string withCommas(unsigned long long number) {
  std::string text = std::to_string(number);
  for (size_t position = text.size(); position > 3;)
    text.insert(position -= 3, ",");
  return text;
}

std::string dlcrun::formatLayers(const Json &layers) {
  std::vector<std::vector<std::string>> rows = {{"layer", "op", "output", "parameters", "operations"}};
  unsigned long long parameters = 0, operations = 0;
  for (const Json &layer : layers) {
    auto own = layer["parameters"].get<unsigned long long>(), work = layer["operations"].get<unsigned long long>();
    parameters += own;
    operations += work;
    rows.push_back(
        {layer["name"], layer["op"], "[" + layer["shape"].get<std::string>() + "]", withCommas(own), withCommas(work)});
  }
  rows.push_back({"total", "", "", withCommas(parameters), withCommas(operations)});
  constexpr size_t firstNumber = 3, widest = 48;
  std::vector<size_t> widths(rows[0].size());
  for (std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i < firstNumber && row[i].size() > widest)
        row[i] = row[i].substr(0, widest - 3) + "...";
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      std::string blanks(widths[i] - rows[r][i].size(), ' ');
      line += (i ? "  " : "") + (i < firstNumber ? rows[r][i] + blanks : blanks + rows[r][i]);
    }
    if (r == 1 || r + 1 == rows.size())
      text += std::string(line.size(), '-') + "\n";
    text += line + "\n";
  }
  return text;
}
