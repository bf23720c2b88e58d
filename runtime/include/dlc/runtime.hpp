// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc/runtime.h for C++17: owning types, and failures as exceptions.
///
///   dlc::Library library("./digits.so");
///   dlc::Context context(library.model());
///   std::vector<float> pixels(64), probability(10);
///   context.run("run", {dlc::Tensor(pixels, {1, 1, 8, 8})}, {dlc::Tensor(probability, {1, 10})});
#ifndef DLC_RUNTIME_HPP
#define DLC_RUNTIME_HPP

#include "dlc/runtime.h"

#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dlc {

/// A failed call: `status()` is a dlc_status, `what()` says what is wrong.
class Error : public std::runtime_error {
public:
  Error(dlc_int32 status, const std::string &message) : std::runtime_error(message), code(status) {}
  dlc_int32 status() const noexcept { return code; }

private:
  dlc_int32 code;
};

namespace detail {
template <typename T> struct ElementType;
// clang-format off
template <> struct ElementType<float>    { static constexpr dlc_uint32 value = DLC_F32; };
template <> struct ElementType<double>   { static constexpr dlc_uint32 value = DLC_F64; };
template <> struct ElementType<int8_t>   { static constexpr dlc_uint32 value = DLC_I8; };
template <> struct ElementType<int16_t>  { static constexpr dlc_uint32 value = DLC_I16; };
template <> struct ElementType<int32_t>  { static constexpr dlc_uint32 value = DLC_I32; };
template <> struct ElementType<int64_t>  { static constexpr dlc_uint32 value = DLC_I64; };
template <> struct ElementType<uint8_t>  { static constexpr dlc_uint32 value = DLC_U8; };
template <> struct ElementType<uint16_t> { static constexpr dlc_uint32 value = DLC_U16; };
template <> struct ElementType<uint32_t> { static constexpr dlc_uint32 value = DLC_U32; };
template <> struct ElementType<uint64_t> { static constexpr dlc_uint32 value = DLC_U64; };
template <> struct ElementType<bool>     { static constexpr dlc_uint32 value = DLC_BOOL; };
// clang-format on
} // namespace detail

/// A view of the caller's compact elements with a shape of its own. It knows
/// how many bytes there are, so a run rejects a buffer that is too small.
class Tensor {
public:
  /// Any `elementType`: f16 and bf16 have no C++17 type.
  Tensor(const void *data, dlc_uint32 elementType, std::vector<dlc_int64> shape, dlc_uint64 bytes)
      : elements(const_cast<void *>(data)), type(elementType), extents(std::move(shape)), capacity(bytes) {}
  template <typename T>
  Tensor(const T *data, size_t count, std::vector<dlc_int64> shape)
      : Tensor(data, detail::ElementType<T>::value, std::move(shape), count * sizeof(T)) {}
  template <typename T>
  Tensor(const std::vector<T> &values, std::vector<dlc_int64> shape)
      : Tensor(values.data(), values.size(), std::move(shape)) {}

  /// In place of an output that the caller does not want; see dlc_no_tensor.
  static Tensor none() { return Tensor(nullptr, 0, {}, 0); }

  dlc_tensor view() const {
    return dlc_tensor_of(elements, type, static_cast<dlc_int32>(extents.size()),
                         const_cast<dlc_int64 *>(extents.data()));
  }
  dlc_uint64 bytes() const { return capacity; }

private:
  void *elements;
  dlc_uint32 type;
  std::vector<dlc_int64> extents;
  dlc_uint64 capacity;
};

/// An opened model library; closed with the last copy.
class Library {
public:
  /// `name` picks one of several models in a library.
  explicit Library(const std::string &path, const char *name = nullptr) {
    dlc_error error;
    dlc_library *opened;
    if (dlc_int32 status = dlc_library_open(path.c_str(), name, &error, &opened))
      throw Error(status, error.message);
    handle.reset(opened, dlc_library_close);
  }
  const dlc_model *model() const { return handle->model; }

private:
  std::shared_ptr<dlc_library> handle;
};

/// Threads that contexts of several models can share.
class Pool {
public:
  /// `threads` counts the caller's; 0: one for each CPU.
  explicit Pool(const dlc_model *model, dlc_uint32 threads = 0) {
    dlc_pool_options options = {};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    dlc_error error;
    dlc_pool *made;
    if (dlc_int32 status = dlc_pool_create(model, &options, &error, &made))
      throw Error(status, error.message);
    handle.reset(made, dlc_pool_release);
  }
  const dlc_executor *executor() const { return &handle->executor; }

private:
  std::shared_ptr<dlc_pool> handle;
};

/// A block for a model's variables, all zero at first. Bind it to contexts and run `init`, or load a checkpoint.
class Variables {
public:
  explicit Variables(const dlc_model *model) : description(model) {
    dlc_error error;
    handle.reset(static_cast<unsigned char *>(dlc_variables_allocate(model, &error)), std::free);
    if (!handle)
      throw Error(error.status, error.message);
  }

  const dlc_model *model() const { return description; }
  unsigned char *data() const { return handle.get(); }
  size_t bytes() const { return description->variable_bytes; }

  /// The variable called `name`; throws if there is none.
  const dlc_variable_info &info(const std::string &name) const {
    if (const dlc_variable_info *found = dlc_find_variable(description, name.c_str()))
      return *found;
    throw Error(DLC_ERROR_NOT_FOUND, "model '" + std::string(description->name) + "' has no variable '" + name + "'");
  }
  /// A view of the variable called `name`, in place. With models for GPUs: see pull and push.
  Tensor operator[](const std::string &name) const {
    const dlc_variable_info &found = info(name);
    return Tensor(data() + found.offset, found.element_type, {found.dims, found.dims + found.rank},
                  dlc_variable_size(&found));
  }

  /// Makes the block hold what runs have written, before it is read; see dlc_variables_pull.
  void pull() const {
    dlc_error error;
    if (dlc_int32 status = dlc_variables_pull(description, data(), &error))
      throw Error(status, error.message);
  }
  /// Lets runs read the block anew, after it was changed; see dlc_variables_push.
  void push() const {
    dlc_error error;
    if (dlc_int32 status = dlc_variables_push(description, data(), &error))
      throw Error(status, error.message);
  }
  /// Writes a checkpoint; see dlc_variables_save.
  void save(const std::string &path, const std::vector<std::pair<std::string, std::string>> &metadata = {}) const {
    std::vector<dlc_metadata> texts;
    for (const auto &[key, value] : metadata)
      texts.push_back({key.c_str(), value.c_str()});
    dlc_error error;
    if (dlc_int32 status = dlc_variables_save(description, data(), path.c_str(), texts.data(),
                                              static_cast<dlc_uint32>(texts.size()), &error))
      throw Error(status, error.message);
  }
  /// To be called after weights of an inference library were changed in place; see dlc_weights_prepare.
  void prepareWeights() {
    dlc_error error;
    if (dlc_int32 status = dlc_weights_prepare(description, data(), &error))
      throw Error(status, error.message);
  }
  /// Reads a checkpoint, or with `flags` (dlc_load_flag) and `prefix` a part of it; see dlc_variables_load.
  void load(const std::string &path, dlc_uint32 flags = 0, const std::string &prefix = "") {
    dlc_load_options options = {sizeof options, flags, prefix.empty() ? nullptr : prefix.c_str()};
    dlc_error error;
    if (dlc_int32 status = dlc_variables_load(description, data(), path.c_str(), &options, &error))
      throw Error(status, error.message);
  }

private:
  const dlc_model *description;
  std::shared_ptr<unsigned char> handle;
};

/// A metadata string of a checkpoint; nothing if it has no such key.
inline std::optional<std::string> readMetadata(const dlc_model *model, const std::string &path,
                                               const std::string &key) {
  dlc_error error;
  size_t bytes;
  dlc_int32 status = dlc_metadata_read(model, path.c_str(), key.c_str(), nullptr, 0, &bytes, &error);
  if (!status && !bytes)
    return std::nullopt;
  std::string value(bytes, 0);
  if (status == DLC_ERROR_TOO_SMALL)
    status = dlc_metadata_read(model, path.c_str(), key.c_str(), value.data(), value.size(), &bytes, &error);
  if (status)
    throw Error(status, error.message);
  value.resize(bytes - 1);
  return value;
}

/// Options with their size filled in.
inline dlc_context_options contextOptions(dlc_uint32 threads = 1, const dlc_executor *executor = nullptr,
                                          dlc_uint32 flags = 0) {
  dlc_context_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  options.executor = executor;
  options.flags = flags;
  return options;
}

/// `options` for a device: "cpu", "cuda", or "cuda:1" for the GPU of that number; "" leaves the choice to the library,
/// as dlc_context_options.device_type says.
inline dlc_context_options onDevice(dlc_context_options options, const std::string &device) {
  bool isNumbered =
      device.size() > 5 && device.size() < 15 && device.find_first_not_of("0123456789", 5) == std::string::npos;
  if (device == "cpu") {
    options.device_type = DLC_DEVICE_CPU;
  } else if (device == "cuda" || (device.compare(0, 5, "cuda:") == 0 && isNumbered)) {
    options.device_type = DLC_DEVICE_CUDA;
    options.device_id = isNumbered ? static_cast<dlc_int32>(std::strtol(device.c_str() + 5, nullptr, 10)) : 0;
  } else if (!device.empty()) {
    throw Error(DLC_ERROR_ARGUMENT, "there is no device '" + device +
                                        "': devices are 'cpu', 'cuda', and 'cuda:1' for the GPU of that number");
  }
  return options;
}

/// A context; released with the last copy. The library (and the pool) must
/// outlive it.
class Context {
public:
  explicit Context(const dlc_model *model, const dlc_context_options &options = contextOptions()) {
    dlc_error error;
    dlc_context *made;
    if (dlc_int32 status = dlc_context_create(model, &options, &error, &made))
      throw Error(status, error.message);
    handle.reset(made, dlc_context_release);
  }

  dlc_context *get() const { return handle.get(); }
  const dlc_model *model() const { return handle->model; }

  /// Where it runs: "cpu", or "cuda:0" for the GPU of that number.
  std::string device() const {
    dlc_int32 type, id;
    dlc_context_program(get(), &type, &id);
    return type == DLC_DEVICE_CUDA ? "cuda:" + std::to_string(id) : "cpu";
  }

  /// The entry point called `name`; throws if there is none.
  const dlc_entry_point &entry(const std::string &name) const {
    if (const dlc_entry_point *found = dlc_find_entry(model(), name.c_str()))
      return *found;
    std::string names;
    for (dlc_uint32 i = 0; i < model()->entry_count; ++i)
      names += (i ? ", '" : "'") + std::string(model()->entries[i].name) + "'";
    throw Error(DLC_ERROR_NOT_FOUND, "the model has no entry point '" + name + "'; it has " + names);
  }

  /// The shapes of all outputs for inputs of these shapes: what a run takes.
  std::vector<std::vector<dlc_int64>> outputShapes(const dlc_entry_point &entry, const std::vector<Tensor> &inputs) {
    std::vector<dlc_tensor> views;
    for (const Tensor &input : inputs)
      views.push_back(input.view());
    std::vector<dlc_int64> symbols(entry.symbol_count + 1), dims(1);
    check(dlc_infer_symbols(get(), &entry, views.data(), static_cast<dlc_uint32>(views.size()), symbols.data()));
    dims.resize(countExtents(entry) + 1);
    check(dlc_output_shapes(get(), &entry, symbols.data(), dims.data()));
    return splitExtents(entry, dims);
  }

  /// The shapes that the last run, one of `entry`, has given all outputs; outputShapes gives upper bounds of those that
  /// data decides. Their elements are at the beginning of the output's memory, compact and row-major.
  std::vector<std::vector<dlc_int64>> resultShapes(const dlc_entry_point &entry) {
    std::vector<dlc_int64> dims(countExtents(entry) + 1);
    check(dlc_result_shapes(get(), &entry, dims.data()));
    return splitExtents(entry, dims);
  }

  /// The elements of output number `output` after the last run, one of `entry`; see dlc_result_data.
  const void *resultData(const dlc_entry_point &entry, dlc_uint32 output) {
    return dlc_result_data(get(), &entry, output);
  }

  /// Runs; see dlc_run. For calls without any allocation use dlc_run on get().
  void run(const std::string &name, const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) {
    std::vector<dlc_tensor> views;
    std::vector<dlc_uint64> capacities;
    for (const std::vector<Tensor> *side : {&inputs, &outputs})
      for (const Tensor &tensor : *side) {
        views.push_back(tensor.view());
        capacities.push_back(tensor.bytes());
      }
    const dlc_entry_point &entryPoint = entry(name);
    auto inputCount = static_cast<dlc_uint32>(inputs.size()), outputCount = static_cast<dlc_uint32>(outputs.size());
    // The capacities are read for as many tensors as the entry point has.
    bool isComplete = inputCount == entryPoint.input_count && outputCount == entryPoint.output_count;
    check(dlc_run_sized(get(), &entryPoint, views.data(), inputCount, views.data() + inputCount, outputCount,
                        isComplete ? capacities.data() : nullptr));
  }

  /// Stops the run that another thread is in; see dlc_context_cancel. Throws if the library is older than it: signal
  /// handlers call dlc_context_cancel itself.
  void cancel() { checkVersion(dlc_context_cancel(get())); }
  /// Lets the context run again.
  void resume() { checkVersion(dlc_context_resume(get())); }

  /// Clears the state that the model keeps from run to run.
  void reset() { check(dlc_context_reset(get())); }
  /// Lets runs read and write the model's variables in `block`; see dlc_variables_bind.
  void bindVariables(void *block, size_t bytes) { check(dlc_variables_bind(get(), block, bytes)); }
  /// The same; `variables` must outlive their use. Throws if they belong to another model, or to another loaded copy of
  /// this one's library.
  void bind(const Variables &variables) {
    if (variables.model() != model())
      throw Error(DLC_ERROR_VARIABLES, "the variables belong to another model than the context's '" +
                                           std::string(model()->name) + "', or of another opening of its library");
    bindVariables(variables.data(), variables.bytes());
  }
  /// The extents of the state called `name`.
  std::vector<dlc_int64> stateShape(const std::string &name) {
    const dlc_tensor_info *info = dlc_find_state(model(), name.c_str());
    std::vector<dlc_int64> dims(info ? info->rank + 1 : 1);
    check(dlc_state_shape(get(), name.c_str(), dims.data()));
    dims.pop_back();
    return dims;
  }
  /// Copies a state to `tensor`, or `tensor` to a state; types and shapes are checked.
  void readState(const std::string &name, const Tensor &tensor) { transferState(dlc_state_read, name, tensor); }
  void writeState(const std::string &name, const Tensor &tensor) { transferState(dlc_state_write, name, tensor); }

private:
  static size_t countExtents(const dlc_entry_point &entry) {
    size_t count = 0;
    for (dlc_uint32 i = 0; i < entry.output_count; ++i)
      count += entry.outputs[i].rank;
    return count;
  }

  static std::vector<std::vector<dlc_int64>> splitExtents(const dlc_entry_point &entry,
                                                          const std::vector<dlc_int64> &dims) {
    std::vector<std::vector<dlc_int64>> shapes;
    auto next = dims.begin();
    for (dlc_uint32 i = 0; i < entry.output_count; ++i) {
      shapes.emplace_back(next, next + entry.outputs[i].rank);
      next += entry.outputs[i].rank;
    }
    return shapes;
  }

  void transferState(dlc_int32 (*transfer)(dlc_context *, const char *, const dlc_tensor *), const std::string &name,
                     const Tensor &tensor) {
    dlc_tensor view = tensor.view();
    dlc_uint64 bytes = dlc_element_bytes(static_cast<dlc_uint32>(view.dtype.code << 8 | view.dtype.bits));
    for (dlc_int32 d = 0; d < view.ndim; ++d)
      bytes *= static_cast<dlc_uint64>(view.shape[d]);
    if (tensor.bytes() < bytes)
      throw Error(DLC_ERROR_TOO_SMALL, "the tensor for state '" + name + "' needs " + std::to_string(bytes) +
                                           " bytes, and its buffer has " + std::to_string(tensor.bytes()));
    check(transfer(get(), name.c_str(), &view));
  }
  /// Of calls that may come while another thread is in the context, whose message is then that thread's.
  static void checkVersion(dlc_int32 status) {
    if (status)
      throw Error(status, dlc_status_text(status));
  }
  void check(dlc_int32 status) {
    if (status)
      throw Error(status, *dlc_context_message(get()) ? dlc_context_message(get()) : dlc_status_text(status));
  }
  std::shared_ptr<dlc_context> handle;
};

} // namespace dlc

#endif // DLC_RUNTIME_HPP
