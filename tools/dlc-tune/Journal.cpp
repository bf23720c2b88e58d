// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Journal.h"
#include "llvm/Support/JSON.h"
#include <cerrno>
#include <cstring>
#include <fstream>

namespace json = llvm::json;

namespace dlc::tune {

Journal::Journal(std::string path, std::string cpu, int64_t threads)
    : path(std::move(path)), cpu(std::move(cpu)), threads(threads) {
  std::ifstream file(this->path);
  for (std::string line; std::getline(file, line);) {
    isCut = file.eof();
    llvm::Expected<json::Value> value = json::parse(line);
    if (!value) {
      llvm::consumeError(value.takeError());
      continue;
    }
    Trial trial;
    int64_t count = 0;
    json::Path::Root root;
    json::ObjectMapper map(*value, root);
    if (map && fromJSON(*value, trial.record, root) && map.map("threads", count) &&
        map.mapOptional("problem", trial.problem) && trial.record.cpu == this->cpu && count == this->threads)
      trials.push_back(std::move(trial));
  }
}

std::string Journal::findProblem() const {
  return std::ofstream(path, std::ios::app) ? "" : "cannot write '" + path + "': " + std::strerror(errno);
}

void Journal::append(const Trial &trial) {
  Trial own = trial;
  own.record.cpu = cpu;
  json::Object line = toJSON(own.record);
  line["threads"] = threads;
  if (!trial.problem.empty())
    line["problem"] = json::fixUTF8(trial.problem);
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << (isCut ? "\n" : "") << json::Value(std::move(line)) << '\n';
  std::ofstream(path, std::ios::app) << text << std::flush;
  isCut = false;
  trials.push_back(std::move(own));
}

} // namespace dlc::tune
