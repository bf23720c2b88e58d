// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/ScheduleRecords.h"
#include "llvm/Support/MemoryBuffer.h"

namespace json = llvm::json;

namespace dlc {

/// The version of the format, under the key that also says what the file is.
constexpr llvm::StringLiteral formatKey = "dlc_records";
constexpr int64_t formatVersion = 1;

/// A schedule. A key that is not known is an error: a typing mistake, or one of a later version of dlc.
static bool fromJSON(const json::Value &value, SchedulePoint &point, json::Path path) {
  const json::Object *object = value.getAsObject();
  if (!object) {
    path.report("expected an object");
    return false;
  }
  for (const auto &[key, member] : *object) {
    llvm::StringRef name = key;
    json::Path at = path.field(name);
    if (name == "algorithm") {
      if (!json::fromJSON(member, point.algorithm, at))
        return false;
    } else if (name == "sizes") {
      std::map<std::string, int64_t> sizes;
      if (!json::fromJSON(member, sizes, at))
        return false;
      point.sizes.insert(sizes.begin(), sizes.end());
    } else {
      int64_t *number = name == "vector"  ? &point.vector
                        : name == "split" ? &point.split
                        : name == "grain" ? &point.grain
                                          : nullptr;
      if (!number) {
        at.report("unknown key; a schedule has algorithm, vector, split, grain and sizes");
        return false;
      }
      if (!json::fromJSON(member, *number, at))
        return false;
    }
  }
  if (point.algorithm.empty())
    path.report("expected the key 'algorithm'");
  return !point.algorithm.empty();
}

bool fromJSON(const json::Value &value, ScheduleRecord &record, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("kernel", record.kernel) && map.map("machine", record.machine) &&
         map.map("schedule", record.point) && map.mapOptional("layer", record.layer) &&
         map.mapOptional("cpu", record.cpu) && map.mapOptional("us", record.microseconds) &&
         map.mapOptional("default_us", record.defaultTime) && map.mapOptional("candidates", record.candidates);
}

llvm::Expected<std::vector<ScheduleRecord>> readRecords(llvm::StringRef path) {
  auto fail = [&](const llvm::Twine &message) { return llvm::createStringError("'" + path + "': " + message); };
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return fail(file.getError().message());
  llvm::Expected<json::Value> document = json::parse((*file)->getBuffer());
  if (!document)
    return fail(llvm::toString(document.takeError()));
  const json::Object *top = document->getAsObject();
  std::optional<int64_t> version = top ? top->getInteger(formatKey) : std::nullopt;
  if (!version)
    return fail("is not a file of schedule records, as dlc-tune writes them");
  if (*version != formatVersion)
    return fail("has version " + llvm::Twine(*version) + " of the format; this compiler reads version " +
                llvm::Twine(formatVersion));
  json::Path::Root root("record");
  std::vector<ScheduleRecord> records;
  const json::Value *list = top->get("records");
  if (!list)
    return fail("there is no list 'records'");
  if (!json::fromJSON(*list, records, json::Path(root).field("records"))) {
    std::string why = llvm::toString(root.getError());
    return fail(why);
  }
  return records;
}

json::Object toJSON(const ScheduleRecord &record) {
  json::Object sizes;
  for (const auto &[name, size] : record.point.sizes)
    sizes[name] = size;
  json::Object schedule{{"algorithm", record.point.algorithm},
                        {"vector", record.point.vector},
                        {"split", record.point.split},
                        {"grain", record.point.grain},
                        {"sizes", std::move(sizes)}};
  return json::Object{{"kernel", record.kernel},         {"machine", record.machine},
                      {"schedule", std::move(schedule)}, {"layer", json::fixUTF8(record.layer)},
                      {"us", record.microseconds},       {"default_us", record.defaultTime},
                      {"candidates", record.candidates}, {"cpu", record.cpu}};
}

std::string writeRecords(llvm::ArrayRef<ScheduleRecord> records) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "{\"" << formatKey << "\": " << formatVersion << ", \"records\": [";
  llvm::StringRef separator = "\n";
  for (const ScheduleRecord &record : records) {
    stream << separator << json::Value(toJSON(record));
    separator = ",\n";
  }
  stream << "\n]}\n";
  return text;
}

} // namespace dlc
