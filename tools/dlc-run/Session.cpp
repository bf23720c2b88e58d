// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Session.h"

#include "data/NpyFile.h"
#include "data/RandomNumbers.h"
#include "data/Suggestion.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

using namespace dlc::data;
using namespace dlcrun;

namespace {

std::vector<std::string> namesOf(const dlc_tensor_info *tensors, dlc_uint32 count) {
  std::vector<std::string> names;
  for (dlc_uint32 i = 0; i < count; ++i)
    names.push_back(tensors[i].name);
  return names;
}

/// Indices that pass `check`.
void fillWithIndices(Array &array, const dlc_index_check &check, const std::vector<dlc_int64> &symbols,
                     std::mt19937 &generator) {
  dlc_int64 extent = check.extent >= 0 ? check.extent : symbols[-(check.extent + 1)];
  bool isLength = check.flags & DLC_CHECK_LENGTHS;
  auto limit = static_cast<dlc_uint64>(
      std::min<dlc_int64>(extent, dlc_element_bytes(array.elementType()) == 1 ? 128 : INT32_MAX));
  for (size_t i = 0; i < array.count(); ++i) {
    dlc_uint64 value = isLength ? limit : limit ? generator() % limit : 0;
    storeNumber(static_cast<double>(value), array.elementType(),
                array.data() + i * dlc_element_bytes(array.elementType()));
  }
}

/// Writes the elements of input `number` that are symbols.
void storeElements(Array &array, size_t number, const dlc_entry_point &entry, const std::vector<dlc_int64> &symbols) {
  std::map<dlc_uint64, dlc_int64> elements;
  for (dlc_uint32 s = 0; s < entry.symbol_count; ++s) {
    const dlc_symbol_info &symbol = entry.symbols[s];
    bool isElement = symbol.source == DLC_SYMBOL_ELEMENT || symbol.source == DLC_SYMBOL_NEGATIVE;
    if (isElement && symbol.input == number)
      elements[symbol.element] += symbol.source == DLC_SYMBOL_NEGATIVE ? -symbols[s] : symbols[s];
  }
  for (auto [element, value] : elements)
    storeNumber(static_cast<double>(value), array.elementType(),
                array.data() + element * dlc_element_bytes(array.elementType()));
}

template <typename Number> void perturbNumbers(unsigned char *data, size_t count, std::mt19937 &generator) {
  std::uniform_real_distribution<float> change(-0x1p-18f, 0x1p-18f);
  auto *numbers = reinterpret_cast<Number *>(data);
  for (size_t i = 0; i < count; ++i)
    numbers[i] *= 1 + static_cast<Number>(change(generator));
}

/// Changes `bytes` bytes of elements of `type`.
void perturbElements(dlc_uint32 type, unsigned char *data, size_t bytes, std::mt19937 &generator) {
  if (type == DLC_F32)
    perturbNumbers<float>(data, bytes / sizeof(float), generator);
  else if (type == DLC_F64)
    perturbNumbers<double>(data, bytes / sizeof(double), generator);
}

} // namespace

size_t dlcrun::findBinding(const std::string &option, const dlc_tensor_info *tensors, dlc_uint32 count,
                           const char *role, std::string &value) {
  size_t best = count;
  for (dlc_uint32 i = 0; i < count; ++i) {
    size_t length = std::strlen(tensors[i].name);
    if (!option.compare(0, length, tensors[i].name) && option[length] == '=' &&
        (best == count || length > std::strlen(tensors[best].name))) {
      best = i;
      value = option.substr(length + 1);
    }
  }
  if (best < count)
    return best;
  size_t equals = option.find('=');
  if (equals == std::string::npos)
    throw Failure("--" + std::string(role) + " takes NAME=FILE.npy, not '" + option + "'");
  std::string name = option.substr(0, equals);
  throw Failure("the model has no " + std::string(role) + " '" + name + "'" +
                suggestion(name, namesOf(tensors, count)));
}

Session::Session(const std::string &path, const std::string &entryName) : path(path) {
  dlc_error error;
  if (dlc_library_open(path.c_str(), nullptr, &error, &library))
    throw Failure(error.message);
  const dlc_model &model = *library->model;
  const char *wanted = entryName.empty() ? "run" : entryName.c_str();
  entryPoint = entryName.empty() ? dlc_default_entry(&model) : dlc_find_entry(&model, wanted);
  if (!entryPoint) {
    std::vector<std::string> names;
    for (dlc_uint32 i = 0; i < model.entry_count; ++i)
      names.push_back(model.entries[i].name);
    std::string message = "the model has no entry point '" + std::string(wanted) + "'" + suggestion(wanted, names);
    dlc_library_close(library);
    throw Failure(message);
  }
  inputs.resize(entryPoint->input_count);
  isGiven.resize(entryPoint->input_count);
}

Session::~Session() {
  for (void *memory : deviceMemory)
    dlc_device_release(context, memory);
  dlc_context_release(context);
  dlc_pool_release(pool);
  dlc_library_close(library);
}

void Session::fail() const { throw Failure(dlc_context_message(context)); }

void Session::start(unsigned threads, const std::string &device) {
  dlc_error error;
  dlc_context_options options = dlc::onDevice(dlc::contextOptions(threads), device);
  if (!threads) {
    if (dlc_pool_create(&model(), nullptr, &error, &pool))
      throw Failure(error.message);
    options.executor = &pool->executor;
  }
  if (dlc_context_create(&model(), &options, &error, &context))
    throw Failure(error.message);
}

void Session::giveVariables(const std::string &path, dlc_int64 seed) {
  if (!model().variable_bytes) {
    if (!path.empty())
      throw Failure("model '" + std::string(model().name) +
                    "' has no variables to load: compile it with --train or --replaceable-weights");
    return;
  }
  variables.emplace(&model());
  if (dlc_variables_bind(context, variables->data(), variables->bytes()))
    fail();
  if (!path.empty())
    return variables->load(path);
  const dlc_entry_point *init = dlc_find_entry(&model(), "init");
  if (!init || init->input_count != 1 || init->output_count || init->inputs[0].element_type != DLC_I64)
    throw Failure("model '" + std::string(model().name) + "' has no entry point init(seed): give its variables");
  dlc_tensor input = dlc_tensor_of(&seed, DLC_I64, 0, nullptr);
  if (dlc_run(context, init, &input, 1, nullptr, 0))
    fail();
  variables->prepareWeights();
}

void Session::takeDefaults() {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!isGiven[i] && entry().inputs[i].flags & DLC_TENSOR_HYPERPARAMETER) {
      inputs[i] = Array(entry().inputs[i].element_type, {});
      storeNumber(entry().inputs[i].default_value, entry().inputs[i].element_type, inputs[i].data());
      isGiven[i] = true;
    }
}

void Session::readInputs(const Bindings &bindings) {
  for (const std::string &binding : bindings) {
    std::string file;
    size_t i = findBinding(binding, entry().inputs, entry().input_count, "input", file);
    if (isGiven[i])
      throw Failure("input '" + std::string(entry().inputs[i].name) + "' is given twice");
    inputs[i] = readNpy(file, entry().inputs[i].element_type);
    isGiven[i] = true;
  }
}

void Session::takeInput(size_t index, Array array) {
  inputs[index] = std::move(array);
  isGiven[index] = true;
}

std::vector<dlc_int64> dlcrun::symbolValues(const dlc_entry_point &entry, const Bindings &symbols) {
  std::vector<dlc_int64> values;
  std::vector<std::string> names;
  for (dlc_uint32 s = 0; s < entry.symbol_count; ++s) {
    names.push_back(entry.symbols[s].name);
    if (entry.symbols[s].source == DLC_SYMBOL_COMPUTED) {
      values.push_back(-1);
      continue;
    }
    dlc_int64 otherwise = entry.symbols[s].source == DLC_SYMBOL_NEGATIVE ? 0 : 1;
    values.push_back(std::min(std::max(entry.symbols[s].minimum, otherwise), entry.symbols[s].maximum));
  }
  for (const std::string &option : symbols) {
    size_t equals = option.rfind('=');
    std::string name = option.substr(0, equals);
    char *end = nullptr;
    const char *text = equals == std::string::npos ? "" : option.c_str() + equals + 1;
    long long value = std::strtoll(text, &end, 10);
    if (!*text || *end)
      throw Failure("--symbol takes NAME=EXTENT, not '" + option + "'");
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Failure("the entry point '" + std::string(entry.name) + "' has no symbolic dimension '" + name + "'" +
                    suggestion(name, names));
    const dlc_symbol_info &symbol = entry.symbols[found - names.begin()];
    if (symbol.source == DLC_SYMBOL_COMPUTED)
      throw Failure("--symbol " + option + ": a run computes '" + name + "'");
    if (value < symbol.minimum || value > symbol.maximum)
      throw Failure("--symbol " + option + ": dimension '" + name + "' is from " + std::to_string(symbol.minimum) +
                    " to " + std::to_string(symbol.maximum));
    values[found - names.begin()] = value;
  }
  return values;
}

void Session::generateRandomInputs(const Bindings &symbols) {
  std::vector<dlc_int64> values = symbolValues(entry(), symbols);
  for (size_t i = 0; i < inputs.size(); ++i)
    for (dlc_uint32 d = 0; isGiven[i] && d < entry().inputs[i].rank && d < inputs[i].shape().size(); ++d)
      if (dlc_int64 dim = entry().inputs[i].dims[d]; dim < 0)
        values[-(dim + 1)] = inputs[i].shape()[d];
  std::mt19937 generator(1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (isGiven[i])
      continue;
    std::vector<dlc_int64> shape;
    for (dlc_uint32 d = 0; d < entry().inputs[i].rank; ++d)
      shape.push_back(entry().inputs[i].dims[d] >= 0 ? entry().inputs[i].dims[d]
                                                     : values[-(entry().inputs[i].dims[d] + 1)]);
    inputs[i] = Array(entry().inputs[i].element_type, shape);
    fillRandomly(inputs[i], generator);
    storeElements(inputs[i], i, entry(), values);
    for (dlc_uint32 c = 0; c < entry().check_count; ++c)
      if (entry().checks[c].tensor == i && !(entry().checks[c].flags & DLC_CHECK_ROOM))
        fillWithIndices(inputs[i], entry().checks[c], values, generator);
    isGiven[i] = true;
  }
}

void Session::perturb(std::mt19937 &generator) {
  for (size_t i = 0; i < inputs.size(); ++i)
    // A loss may take labels from a range alone, of which 1 may be the end.
    if (!(entry().inputs[i].flags & DLC_TENSOR_LABEL))
      perturbElements(inputs[i].elementType(), inputs[i].data(), inputs[i].bytes(), generator);
  if (!variables)
    return;
  variables->pull();
  for (dlc_uint32 v = 0; v < model().variable_count; ++v) {
    const dlc_variable_info &info = model().variables[v];
    perturbElements(info.element_type, variables->data() + info.offset, dlc_variable_size(&info), generator);
  }
  variables->push();
  variables->prepareWeights();
}

/// What NumPy calls an element type; empty if it has none.
static std::string numpyName(dlc_uint32 type) {
  const std::string name = dlc_element_name(type), bits = name.substr(1);
  if (name == "i1")
    return "bool_";
  for (const auto &[letter, kind] : {std::pair("f", "float"), {"i", "int"}, {"u", "uint"}})
    if (name.substr(0, 1) == letter &&
        (bits == "16" || bits == "32" || bits == "64" || (bits == "8" && *letter != 'f')))
      return kind + bits;
  return "";
}

void Session::makeOutputs() {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const dlc_tensor_info &info = entry().inputs[i];
    if (!isGiven[i])
      throw Failure("input '" + std::string(info.name) + "' is missing: add --input " + info.name + "=FILE.npy");
    if (std::string type = numpyName(info.element_type); inputs[i].elementType() != info.element_type && !type.empty())
      throw Failure("input '" + std::string(info.name) + "' of '" + entry().name + "' has elements of type " +
                    dlc_element_name(inputs[i].elementType()) + ", expected " + dlc_element_name(info.element_type) +
                    ": convert the array by .astype(numpy." + type + ")");
  }
  for (Array &input : inputs)
    inputViews.push_back(input.view());
  std::vector<dlc_int64> symbols(entry().symbol_count + 1), dims(1);
  if (dlc_infer_symbols(context, entryPoint, inputViews.data(), entry().input_count, symbols.data()))
    fail();
  size_t rank = 0;
  for (dlc_uint32 i = 0; i < entry().output_count; ++i)
    rank += entry().outputs[i].rank;
  dims.resize(rank + 1);
  if (dlc_output_shapes(context, entryPoint, symbols.data(), dims.data()))
    fail();
  const dlc_int64 *next = dims.data();
  for (dlc_uint32 i = 0; i < entry().output_count; ++i) {
    // What the context keeps has no extents yet.
    std::vector<dlc_int64> shape(next, next + entry().outputs[i].rank);
    std::replace_if(shape.begin(), shape.end(), [](dlc_int64 extent) { return extent < 0; }, 0);
    outputs.emplace_back(entry().outputs[i].element_type, shape);
    next += entry().outputs[i].rank;
  }
  for (Array &output : outputs)
    outputViews.push_back(output.view());
}

void Session::moveToDevice(dlc_tensor &tensor, const Array &array) {
  void *memory;
  if (dlc_int32 status = dlc_device_allocate(context, array.bytes(), &memory)) {
    if (status == DLC_ERROR_DEVICE)
      throw Failure("--device-tensors is for libraries that run on a GPU, and this one runs on the CPU");
    fail();
  }
  deviceMemory.push_back(memory);
  if (dlc_device_write(context, memory, array.data(), array.bytes()))
    fail();
  tensor.data = memory;
  tensor.byte_offset = 0;
  dlc_context_program(context, &tensor.device.type, &tensor.device.id);
}

void Session::moveTensorsToDevice() {
  for (size_t i = 0; i < inputViews.size(); ++i)
    moveToDevice(inputViews[i], inputs[i]);
  for (dlc_uint32 i = 0; i < entry().output_count; ++i)
    // What the context keeps is on the host.
    if (!(entry().outputs[i].flags & DLC_TENSOR_UNBOUNDED))
      moveToDevice(outputViews[i], outputs[i]);
}

void Session::fetchOutputs() {
  for (size_t i = 0; i < outputViews.size(); ++i)
    if (outputViews[i].device.type == DLC_DEVICE_CUDA &&
        dlc_device_read(context, outputs[i].data(), outputViews[i].data, outputs[i].bytes()))
      fail();
}

dlc_profile *Session::makeProfile() {
  dlc_error error;
  dlc_profile *profile;
  if (dlc_profile_create(context, &error, &profile))
    throw Failure(error.message);
  return profile;
}

void Session::run() {
  if (dlc_run(context, entryPoint, inputViews.data(), entry().input_count, outputViews.data(), entry().output_count))
    fail();
}

void Session::shrinkOutputs() {
  bool areComputed = false;
  size_t rank = 0;
  for (dlc_uint32 i = 0; i < entry().output_count; ++i) {
    areComputed |= (entry().outputs[i].flags & (DLC_TENSOR_BOUNDED | DLC_TENSOR_UNBOUNDED)) != 0;
    rank += entry().outputs[i].rank;
  }
  if (!areComputed)
    return;
  std::vector<dlc_int64> dims(rank + 1);
  if (dlc_result_shapes(context, entryPoint, dims.data()))
    fail();
  const dlc_int64 *next = dims.data();
  for (dlc_uint32 i = 0; i < entry().output_count; ++i) {
    Array whole(outputs[i].elementType(), std::vector<dlc_int64>(next, next + entry().outputs[i].rank));
    next += entry().outputs[i].rank;
    bool isKept = entry().outputs[i].flags & DLC_TENSOR_UNBOUNDED;
    if (!isKept && whole.shape() == outputs[i].shape())
      continue;
    const auto *data = static_cast<const unsigned char *>(dlc_result_data(context, entryPoint, i));
    if (whole.bytes())
      std::copy_n(data, whole.bytes(), whole.data());
    outputs[i] = std::move(whole);
  }
  outputViews.clear();
  for (Array &output : outputs)
    outputViews.push_back(output.view());
}

void Session::runOn(std::vector<Array> &stepInputs, std::vector<Array> &stepOutputs) {
  std::vector<dlc_tensor> given, made;
  for (Array &input : stepInputs)
    given.push_back(input.view());
  for (Array &output : stepOutputs)
    made.push_back(output.view());
  if (dlc_run(context, entryPoint, given.data(), entry().input_count, made.data(), entry().output_count))
    fail();
}

void Session::reset() {
  if (dlc_context_reset(context))
    fail();
}

void Session::writeOutputs(const Bindings &bindings) const {
  for (const std::string &binding : bindings) {
    std::string file;
    size_t i = findBinding(binding, entry().outputs, entry().output_count, "output", file);
    writeNpy(file, outputs[i]);
  }
}
