// SPDX-License-Identifier: Apache-2.0
// dlc-run info OUT.so
#include "data/DataDescription.h"
#include "data/Failure.h"
#include "profile/LibraryImage.h"
#include "tools/dlc-run/Commands.h"
#include "tools/dlc-run/CompileForVerify.h"
#include "tools/dlc-run/LayerSummary.h"

#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>

using namespace dlcrun;
using dlc::profile::LibraryImage;
using Json = nlohmann::ordered_json;

namespace {

Json describeDims(const dlc_entry_point &entry, const dlc_tensor_info &tensor) {
  Json dims = Json::array();
  for (dlc_uint32 d = 0; d < tensor.rank; ++d) {
    dlc_int64 dim = tensor.dims[d];
    if (dim >= 0)
      dims.push_back(dim);
    else if (dim == DLC_DIM_COMPUTED)
      dims.push_back("?");
    else
      dims.push_back(entry.symbols[-(dim + 1)].name);
  }
  return dims;
}

Json describeTensors(const dlc_entry_point &entry, const dlc_tensor_info *tensors, dlc_uint32 count) {
  Json list = Json::array();
  for (dlc_uint32 i = 0; i < count; ++i) {
    Json tensor = {{"name", tensors[i].name},
                   {"type", dlc_element_name(tensors[i].element_type)},
                   {"shape", describeDims(entry, tensors[i])}};
    if (tensors[i].flags & DLC_TENSOR_KEPT)
      tensor["kept"] = true;
    if (tensors[i].flags & DLC_TENSOR_LABEL)
      tensor["label"] = true;
    if (tensors[i].flags & DLC_TENSOR_HYPERPARAMETER)
      tensor["default"] = tensors[i].default_value;
    list.push_back(tensor);
  }
  return list;
}

Json describeVariables(const dlc_model &model) {
  static const char *const kinds[] = {"weight", "buffer", "slot", "counter", "seed", "derived", "stamp"};
  Json list = Json::array();
  for (dlc_uint32 i = 0; i < model.variable_count; ++i) {
    const dlc_variable_info &variable = model.variables[i];
    list.push_back({{"name", variable.name},
                    {"kind", variable.kind < std::size(kinds) ? kinds[variable.kind] : "unknown"},
                    {"type", dlc_element_name(variable.element_type)},
                    {"shape", std::vector<dlc_int64>(variable.dims, variable.dims + variable.rank)}});
  }
  return list;
}

/// How many numbers an optimizer changes.
dlc_uint64 countParameters(const dlc_model &model) {
  dlc_uint64 count = 0;
  for (dlc_uint32 i = 0; i < model.variable_count; ++i)
    if (model.variables[i].kind == DLC_VARIABLE_WEIGHT)
      count += dlc_variable_size(&model.variables[i]) / dlc_element_bytes(model.variables[i].element_type);
  return count;
}

/// The program that runs on this machine; the first one if none does, so that it can be described.
const dlc_program &chooseProgram(const dlc_model &model, const std::string &architecture) {
  const dlc_program *chosen = architecture.empty() ? dlc_choose_program(&model, nullptr) : nullptr;
  return chosen ? *chosen : *model.programs[0];
}

/// The targets of the programs in the library, in order of preference.
Json describePrograms(const dlc_model &model) {
  Json list = Json::array();
  for (dlc_uint32 i = 0; i < model.program_count; ++i)
    list.push_back(model.programs[i]->target);
  return list;
}

/// What the model has learned from, as the library says; null if it does not.
Json describeData(const dlc_model &model) {
  const char *text = dlc_data_description(&model);
  Json data = text ? Json::parse(text, nullptr, /*allow_exceptions=*/false) : Json();
  return data.is_discarded() ? Json() : data;
}

/// `architecture` is that of the library if its code cannot be called here, else empty.
Json describe(const dlc_model &model, const Options &options, const std::string &architecture) {
  const dlc_program &program = chooseProgram(model, architecture);
  Json json = {{"name", model.name},
               {"compiler", model.compiler},
               {"target", model.target},
               {"programs", describePrograms(model)},
               {"abi_version", model.abi_version},
               {"constant_bytes", program.constant_bytes},
               {"weights_file", program.weights_file ? Json(program.weights_file) : Json()},
               {"prepared_bytes", program.prepared_bytes},
               {"scratch_bytes_per_thread", program.scratch_bytes},
               {"variable_bytes", model.variable_bytes},
               {"parameters", countParameters(model)},
               {"variables", describeVariables(model)},
               {"data", describeData(model)},
               {"entry_points", Json::array()}};
  for (dlc_uint32 e = 0; e < model.entry_count; ++e) {
    const dlc_entry_point &entry = model.entries[e];
    // A symbol that is given need not be one of every entry point.
    Bindings given;
    for (const std::string &option : options.symbols)
      for (dlc_uint32 s = 0; s < entry.symbol_count; ++s)
        if (option.substr(0, option.rfind('=')) == entry.symbols[s].name || model.entry_count == 1) {
          given.push_back(option);
          break;
        }
    std::vector<dlc_int64> values = symbolValues(entry, given);
    Json symbols = Json::object(), at = Json::object();
    for (dlc_uint32 s = 0; s < entry.symbol_count; ++s) {
      symbols[entry.symbols[s].name] = {{"minimum", entry.symbols[s].minimum}, {"maximum", entry.symbols[s].maximum}};
      if (entry.symbols[s].source == DLC_SYMBOL_COMPUTED)
        symbols[entry.symbols[s].name]["computed"] = true;
      else
        at[entry.symbols[s].name] = values[s];
    }
    Json item = {{"name", entry.name},
                 {"inputs", describeTensors(entry, entry.inputs, entry.input_count)},
                 {"outputs", describeTensors(entry, entry.outputs, entry.output_count)},
                 {"states", describeTensors(entry, entry.states, entry.state_count)},
                 {"symbols", symbols},
                 {"workspace_bytes", nullptr}};
    if (architecture.empty())
      item["workspace_bytes"] =
          program.entries[e].workspace_bytes ? program.entries[e].workspace_bytes(values.data()) : 0;
    if (!at.empty() && architecture.empty())
      item["workspace_bytes_at"] = at;
    json["entry_points"].push_back(item);
  }
  return json;
}

/// "12.3 kB", in powers of 1000.
std::string readable(dlc_uint64 bytes) {
  const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1000 && unit < 4; ++unit)
    value /= 1000;
  char text[64];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

/// The data of `text` (dlc_model.data_description), a line for each thing that it says.
void printData(const char *text, const std::string &source) {
  dlc::data::DataDescription data;
  try {
    data = dlc::data::DataDescription::fromText(text, source);
  } catch (const dlc::data::Failure &failure) {
    std::printf("data      %s\n", failure.what());
    return;
  }
  auto print = [](const char *what, const std::vector<std::string> &names) {
    std::string list;
    for (const std::string &name : names)
      list += (list.empty() ? "" : ", ") + name;
    if (!names.empty())
      std::printf("%-9s %s\n", what, list.c_str());
  };
  print("classes", data.classNames);
  for (const dlc::data::InputDescription &input : data.inputs) {
    std::vector<std::string> columns;
    for (const std::string &feature : input.table.features()) {
      auto unit = input.table.units.find(feature);
      columns.push_back(feature + (unit == input.table.units.end() ? "" : " (" + unit->second + ")"));
    }
    print("columns", columns);
    if (input.scale != 1)
      std::printf("scale     %s times %.10g\n", input.name.c_str(), input.scale);
  }
  if (data.label && !data.label->column.empty())
    std::printf("label     %s\n", data.label->column.c_str());
}

void printTensors(const char *role, const Json &tensors) {
  for (const Json &tensor : tensors) {
    std::string shape;
    for (const Json &dim : tensor["shape"])
      shape += (shape.empty() ? "" : ", ") + (dim.is_string() ? dim.get<std::string>() : dim.dump());
    std::string remark = tensor.contains("kept")      ? "  (kept)"
                         : tensor.contains("label")   ? "  (label)"
                         : tensor.contains("default") ? "  (hyperparameter, default " + tensor["default"].dump() + ")"
                                                      : "";
    std::printf("  %-6s  %s: %s[%s]%s\n", role, tensor["name"].get<std::string>().c_str(),
                tensor["type"].get<std::string>().c_str(), shape.c_str(), remark.c_str());
  }
}

int print(const dlc_model &model, const Options &options, const std::string &architecture) {
  Json json = describe(model, options, architecture);
  if (options.isJson) {
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return 0;
  }
  const dlc_program &program = chooseProgram(model, architecture);
  std::printf("model     %s\ncompiler  %s\ntarget    %s\n", model.name, model.compiler, model.target);
  if (model.program_count > 1 && architecture.empty())
    std::printf("runs here %s\n", program.target);
  std::printf("constants %s%s%s, prepacked %s, scratch %s per thread\n", readable(program.constant_bytes).c_str(),
              program.weights_file ? " in " : "", program.weights_file ? program.weights_file : "",
              readable(program.prepared_bytes).c_str(), readable(program.scratch_bytes).c_str());
  if (model.variable_count)
    std::printf("variables %u of %s, %llu trainable parameters\n", model.variable_count,
                readable(model.variable_bytes).c_str(), static_cast<unsigned long long>(countParameters(model)));
  if (const char *text = dlc_data_description(&model))
    printData(text, options.library);
  for (const Json &entry : json["entry_points"]) {
    std::printf("\nentry point %s\n", entry["name"].get<std::string>().c_str());
    printTensors("input", entry["inputs"]);
    printTensors("output", entry["outputs"]);
    printTensors("state", entry["states"]);
    std::string at;
    if (entry.contains("workspace_bytes_at"))
      for (const auto &[name, value] : entry["workspace_bytes_at"].items())
        at += (at.empty() ? " for " : ", ") + name + " = " + value.dump();
    if (architecture.empty())
      std::printf("  workspace %s%s\n", readable(entry["workspace_bytes"].get<dlc_uint64>()).c_str(), at.c_str());
    else
      std::printf("  workspace not known here: the library's code for %s computes it\n", architecture.c_str());
  }
  return 0;
}

} // namespace

/// Prints the layers that `text` lists.
static int printLayers(const std::string &text, const Options &options) {
  Json layers = readLayers(text);
  std::string printed =
      options.isJson ? layers.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : formatLayers(layers);
  std::printf("%s", printed.c_str());
  return 0;
}

static int showLayers(const dlc_model &model, const Options &options) {
  const char *layers = dlc_layers(&model);
  if (!layers)
    throw dlc::data::Failure("'" + options.library +
                             "' does not say what its layers are: an earlier version of dlc compiled it, they are more "
                             "than 1,000, or it was "
                             "compiled from a module after the import. Name the model file");
  return printLayers(layers, options);
}

int dlcrun::showInfo(const Options &options) {
  if (options.showsLayers && isModelFile(options.library))
    return printLayers(listLayersOfModel(options.library), options);
  // A library that this machine cannot load is read as a file.
  std::string architecture = LibraryImage::findForeignArchitecture(options.library);
  if (!architecture.empty()) {
    LibraryImage image(options.library);
    return options.showsLayers ? showLayers(image.model(), options) : print(image.model(), options, architecture);
  }
  if (options.showsLayers)
    return showLayers(*dlc::Library(options.library).model(), options);
  return print(*dlc::Library(options.library).model(), options, architecture);
}
