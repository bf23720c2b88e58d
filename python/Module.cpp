// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extension module `dlc._dlc`: names, arguments and exceptions; the work is done in Model.cpp.
#include "data/Failure.h"
#include "profile/LayerRows.h"
#include "python/Model.h"
#include "python/Profile.h"
#include "python/Training.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;
using namespace dlc::python;

namespace {

struct Tensor {
  std::string name, type;
  std::optional<double> defaultValue; ///< of a hyperparameter
  bool isLabel = false;
  nb::list shape; ///< ints, names of symbols, and "?" for an extent that only a run knows
};

struct EntryPoint {
  std::string name;
  std::vector<Tensor> inputs, outputs, states;
};

std::vector<Tensor> describe(const dlc_tensor_info *infos, uint32_t count, const dlc_entry_point &entry) {
  std::vector<Tensor> tensors;
  for (uint32_t i = 0; i < count; ++i) {
    Tensor tensor{infos[i].name, dlc_element_name(infos[i].element_type), std::nullopt, false, {}};
    if (infos[i].flags & DLC_TENSOR_HYPERPARAMETER)
      tensor.defaultValue = infos[i].default_value;
    tensor.isLabel = infos[i].flags & DLC_TENSOR_LABEL;
    for (uint32_t d = 0; d < infos[i].rank; ++d) {
      dlc_int64 dim = infos[i].dims[d];
      if (dim >= 0)
        tensor.shape.append(dim);
      else if (dim == DLC_DIM_COMPUTED)
        tensor.shape.append("?");
      else
        tensor.shape.append(entry.symbols[-(dim + 1)].name);
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<EntryPoint> entryPoints(const Model &model) {
  std::vector<EntryPoint> result;
  for (uint32_t i = 0; i < model.description().entry_count; ++i) {
    const dlc_entry_point &entry = model.description().entries[i];
    result.push_back({entry.name, describe(entry.inputs, entry.input_count, entry),
                      describe(entry.outputs, entry.output_count, entry),
                      describe(entry.states, entry.state_count, entry)});
  }
  return result;
}

nb::object learnedData(const Model &model) {
  const char *text = dlc_data_description(&model.description());
  return text ? nb::module_::import_("json").attr("loads")(text) : nb::none();
}

nb::list layerRows(const Model &model) {
  const char *text = dlc_layers(&model.description());
  nb::list rows;
  for (const dlc::profile::LayerRow &row : dlc::profile::readLayerRows(text ? text : ""))
    rows.append(nb::make_tuple(row.name, row.op, row.shape, row.parameters, row.operations));
  return rows;
}

std::string tensorText(const Tensor &tensor) {
  std::string extents;
  for (nb::handle extent : tensor.shape)
    extents += (extents.empty() ? "" : ", ") + nb::cast<std::string>(nb::str(extent));
  return tensor.name + ": " + tensor.type + "[" + extents + "]";
}

std::string entryText(const EntryPoint &entry) {
  auto join = [](const std::vector<Tensor> &tensors) {
    std::string text;
    for (const Tensor &tensor : tensors)
      text += (text.empty() ? "" : ", ") + tensorText(tensor);
    return text;
  };
  return entry.name + "(" + join(entry.inputs) + ") -> (" + join(entry.outputs) + ")";
}

std::string modelText(const Model &model) {
  std::string text = "dlc.Model(" + nb::cast<std::string>(nb::repr(nb::cast(model.path()))) +
                     ", threads=" + std::to_string(model.threads()) + ")";
  for (const EntryPoint &entry : entryPoints(model))
    text += "\n  " + entryText(entry);
  return text;
}

std::string expectation(const char *what, const dlc_tensor_info &info, const dlc_entry_point &entry) {
  return std::string(what) + " '" + info.name + "' is " + describeTensor(info, entry);
}

/// What `value`, an input, is as an array. A number is as good as an array without dimensions.
Array toInput(nb::handle value, const dlc_tensor_info &info, const dlc_entry_point &entry) {
  return toArray(value, info.element_type, expectation("input", info, entry));
}

/// Values by name, in the order of `infos`; a missing one is invalid.
std::vector<nb::object> byName(const nb::dict &values, const dlc_tensor_info *infos, uint32_t count, const char *what) {
  std::vector<nb::object> result(count);
  for (auto [key, value] : values) {
    std::string name;
    if (!nb::try_cast(key, name))
      throw dlc::Error(DLC_ERROR_TYPE, std::string("the ") + what + "s are given by name: a key is a string");
    uint32_t i = 0;
    while (i < count && name != infos[i].name)
      ++i;
    if (i == count) {
      std::string known;
      for (uint32_t k = 0; k < count; ++k)
        known += (k ? ", '" : "'") + std::string(infos[k].name) + "'";
      throw dlc::Error(DLC_ERROR_NOT_FOUND,
                       std::string("there is no ") + what + " '" + name + "'; the model has " + known);
    }
    result[i] = nb::borrow(value);
  }
  return result;
}

/// The entry point of that name, or the default one if none is named.
const dlc_entry_point &findEntry(const Model &model, const std::optional<std::string> &name) {
  if (name)
    return model.entry(*name);
  if (const dlc_entry_point *entry = dlc_default_entry(&model.description()))
    return *entry;
  std::string names;
  for (uint32_t i = 0; i < model.description().entry_count; ++i)
    names += (i ? ", '" : "'") + std::string(model.description().entries[i].name) + "'";
  throw dlc::Error(DLC_ERROR_NOT_FOUND,
                   "the model has no entry point 'run' or 'predict': select with run(..., entry=NAME) one of " + names);
}

/// The input at `index`, which was not given, if it has a default.
std::optional<Array> defaultInput(const dlc_entry_point &entry, uint32_t index) {
  const dlc_tensor_info &info = entry.inputs[index];
  if (!(info.flags & DLC_TENSOR_HYPERPARAMETER))
    return std::nullopt;
  return Model::makeScalar(info.element_type, info.default_value);
}

/// `value`, which must be a dict, or what is wrong with it.
nb::dict toDict(const nb::object &value, const char *what) {
  if (nb::isinstance<nb::dict>(value))
    return nb::cast<nb::dict>(value);
  std::string type = nb::cast<std::string>(value.type().attr("__name__"));
  throw dlc::Error(DLC_ERROR_TYPE, std::string("run takes ") + what + " as a dict of arrays by name, as in " +
                                       "model.run({\"x\": x}), not as a " + type +
                                       "; model(x) takes arrays in their order");
}

/// Which outputs `names` selects: a string, or several in a list, tuple or set.
std::vector<bool> selectOutputs(const nb::object &names, const dlc_entry_point &entry) {
  nb::dict selected;
  if (nb::isinstance<nb::str>(names))
    selected[names] = nb::none();
  else
    for (nb::handle name : names)
      selected[name] = nb::none();
  std::vector<bool> wanted;
  for (const nb::object &found : byName(selected, entry.outputs, entry.output_count, "output"))
    wanted.push_back(found.is_valid());
  return wanted;
}

/// Turns results on a GPU into arrays of the library that the first input on a GPU comes from, if that is one that
/// takes DLPack.
void adopt(std::vector<nb::object> &results, const std::vector<nb::object> &inputs, const std::vector<Array> &arrays) {
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].device_type() != DLC_DEVICE_CUDA || !inputs[i].is_valid())
      continue;
    auto module = nb::cast<std::string>(inputs[i].type().attr("__module__"));
    module = module.substr(0, module.find('.'));
    if (module != "torch" && module != "cupy")
      return;
    nb::object convert = nb::module_::import_(module.c_str()).attr("from_dlpack");
    for (nb::object &result : results)
      if (nb::hasattr(result, "__dlpack_device__") &&
          nb::cast<int>(result.attr("__dlpack_device__")()[nb::int_(0)]) == DLC_DEVICE_CUDA)
        result = convert(result);
    return;
  }
}

nb::dict runByName(Model &model, const nb::object &givenInputs, const std::optional<std::string> &entryName,
                   const nb::object &givenOutputs) {
  nb::dict inputs = toDict(givenInputs, "inputs");
  bool isSelection = nb::isinstance<nb::str>(givenOutputs) || nb::isinstance<nb::list>(givenOutputs) ||
                     nb::isinstance<nb::tuple>(givenOutputs) || nb::isinstance<nb::set>(givenOutputs);
  nb::dict outputs = isSelection ? nb::dict() : toDict(givenOutputs, "outputs");
  const dlc_entry_point &entry = findEntry(model, entryName);
  std::vector<bool> wanted(entry.output_count, true);
  if (isSelection)
    wanted = selectOutputs(givenOutputs, entry);
  std::vector<Array> arrays;
  std::vector<nb::object> named = byName(inputs, entry.inputs, entry.input_count, "input");
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    std::optional<Array> array =
        named[i].is_valid() ? toInput(named[i], entry.inputs[i], entry) : defaultInput(entry, i);
    if (!array)
      throw dlc::Error(DLC_ERROR_COUNT,
                       "input '" + std::string(entry.inputs[i].name) + "' of '" + entry.name + "' is missing");
    arrays.push_back(*array);
  }
  std::vector<std::unique_ptr<WritableArray>> results(entry.output_count);
  std::vector<nb::object> targets = byName(outputs, entry.outputs, entry.output_count, "output");
  for (uint32_t i = 0; i < entry.output_count; ++i)
    if (targets[i].is_valid())
      results[i] = toWritableArray(targets[i], expectation("output", entry.outputs[i], entry));
  std::vector<nb::object> made = model.run(entry, arrays, std::move(results), wanted);
  adopt(made, named, arrays);
  nb::dict dict;
  for (uint32_t i = 0; i < entry.output_count; ++i)
    if (wanted[i])
      dict[entry.outputs[i].name] = made[i];
  return dict;
}

/// Several outputs as a tuple that also has their names.
nb::object nameResults(const dlc_entry_point &entry, const std::vector<nb::object> &results) {
  nb::list names, values;
  for (uint32_t i = 0; i < entry.output_count; ++i) {
    names.append(entry.outputs[i].name);
    values.append(results[i]);
  }
  return nb::module_::import_("dlc._results").attr("Results")(names, values);
}

nb::object call(Model &model, const nb::args &inputs, const nb::kwargs &named) {
  const dlc_entry_point &entry = findEntry(model, std::nullopt);
  std::vector<Array> arrays;
  if (inputs.size() > entry.input_count)
    throw dlc::Error(DLC_ERROR_COUNT, "'" + std::string(entry.name) + "' takes " + std::to_string(entry.input_count) +
                                          (entry.input_count == 1 ? " input, not " : " inputs, not ") +
                                          std::to_string(inputs.size()));
  std::vector<nb::object> values = byName(named, entry.inputs, entry.input_count, "input");
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    if (i < inputs.size() && values[i].is_valid())
      throw dlc::Error(DLC_ERROR_COUNT, "input '" + std::string(entry.inputs[i].name) + "' of '" + entry.name +
                                            "' is given twice, by position and by name");
    if (i < inputs.size())
      values[i] = nb::borrow(inputs[i]);
    std::optional<Array> array =
        values[i].is_valid() ? toInput(values[i], entry.inputs[i], entry) : defaultInput(entry, i);
    if (!array)
      throw dlc::Error(DLC_ERROR_COUNT,
                       "input '" + std::string(entry.inputs[i].name) + "' of '" + entry.name + "' is missing");
    arrays.push_back(*array);
  }
  auto results = model.run(entry, arrays, {});
  adopt(results, values, arrays);
  return results.size() == 1 ? results[0] : nameResults(entry, results);
}

std::string pathText(nb::handle path) { return nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path)); }

/// A KeyError for a missing name, so that a state is a mapping like others.
nb::object viewByName(const State &state, const std::string &name) {
  if (!dlc_find_variable(state.block().model(), name.c_str()))
    throw nb::key_error(name.c_str());
  return state.view(name);
}

/// A subclass of dlc.Error that programs can also catch as one of Python's own errors.
nb::object deriveError(const char *name, const nb::object &base, PyObject *builtin) {
  nb::object bases = nb::make_tuple(base, nb::handle(builtin));
  return nb::steal(PyErr_NewException((std::string("dlc.") + name).c_str(), bases.ptr(), nullptr));
}

/// Whether a call failed because of its arrays, element types aside.
bool isAboutValues(dlc_int32 status) {
  switch (status) {
  case DLC_ERROR_ARGUMENT:
  case DLC_ERROR_COUNT:
  case DLC_ERROR_RANK:
  case DLC_ERROR_SHAPE:
  case DLC_ERROR_SYMBOL:
  case DLC_ERROR_STRIDES:
  case DLC_ERROR_ALIGNMENT:
  case DLC_ERROR_OVERFLOW:
  case DLC_ERROR_OVERLAP:
  case DLC_ERROR_INDEX:
    return true;
  default:
    return false;
  }
}

} // namespace

// The macro declares a parameter by value.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
NB_MODULE(_dlc, module) {
  module.doc() = "Model libraries made by dlc";
  // A model that another package still holds when the interpreter ends is not a fault to report.
  nb::set_leak_warnings(false);
  module.attr("__version__") = DLC_VERSION;

  static nb::object errorClass = nb::exception<dlc::Error>(module, "Error");
  errorClass.doc() = "A call that a model rejected. `status` is the code of dlc/abi.h. One about an element type is a "
                     "TypeError, too, and one about other properties of an array a ValueError.";
  static nb::object typeErrorClass = deriveError("InputTypeError", errorClass, PyExc_TypeError),
                    valueErrorClass = deriveError("InputValueError", errorClass, PyExc_ValueError);
  nb::register_exception_translator([](const std::exception_ptr &pointer, void *) {
    try {
      std::rethrow_exception(pointer);
    } catch (const dlc::Error &error) {
      const nb::object &type = error.status() == DLC_ERROR_TYPE ? typeErrorClass
                               : isAboutValues(error.status())  ? valueErrorClass
                                                                : errorClass;
      nb::object instance = type(error.what());
      instance.attr("status") = error.status();
      PyErr_SetObject(type.ptr(), instance.ptr());
    }
  });

  nb::exception<dlc::data::Failure>(module, "TrainingError", PyExc_ValueError).doc() =
      "Data, options or a model that cannot be trained, or a loss that is no longer finite.";
  module.def("train", &train, "path"_a, "options"_a, "data"_a, "validation"_a, "observer"_a,
             "A training run; dlc.Trainer is what programs use.");

  nb::class_<Tensor>(module, "Tensor", "An input or output of an entry point.")
      .def_ro("name", &Tensor::name)
      .def_ro("type", &Tensor::type, "The element type: f32, i64, ...")
      .def_ro("shape", &Tensor::shape, "Extents: integers, names of symbolic dimensions, or '?'")
      .def_ro("default", &Tensor::defaultValue,
              "The value of a hyperparameter that is not given; None for other tensors")
      .def_ro("is_label", &Tensor::isLabel, "Whether it is what predictions are compared with")
      .def("__repr__", &tensorText);
  nb::class_<EntryPoint>(module, "EntryPoint", "A function of a model.")
      .def_ro("name", &EntryPoint::name)
      .def_ro("inputs", &EntryPoint::inputs)
      .def_ro("outputs", &EntryPoint::outputs)
      .def_ro("states", &EntryPoint::states, "What the model keeps from one run to the next")
      .def("__repr__", &entryText);
  nb::class_<State>(module, "State",
                    "What a model has learned, and what its optimizer keeps: a mapping of names to arrays.")
      .def("__getitem__", &viewByName, "name"_a, "The variable `name`, in place: writing the array changes the state.")
      .def("__setitem__", &State::write, "name"_a, "value"_a.none())
      .def("__contains__",
           [](const State &state, const nb::object &name) {
             return nb::isinstance<nb::str>(name) &&
                    dlc_find_variable(state.block().model(), nb::cast<std::string>(name).c_str());
           })
      .def("__iter__", [](const State &state) { return nb::iter(nb::cast(state.names())); })
      .def("__len__", [](const State &state) { return state.names().size(); })
      .def("keys", &State::names)
      .def(
          "save",
          [](const State &state, nb::handle path, const std::map<std::string, std::string> &metadata) {
            state.save(pathText(path), metadata);
          },
          "path"_a, "metadata"_a = std::map<std::string, std::string>(),
          "Writes all variables to `path` as safetensors. The file appears whole or not at all.")
      .def(
          "load",
          [](State &state, nb::handle path, bool partial, bool weightsOnly, const std::string &prefix) {
            state.load(pathText(path), partial, weightsOnly, prefix);
          },
          "path"_a, "partial"_a = false, "weights_only"_a = false, "prefix"_a = "",
          "Reads a checkpoint. It must hold exactly this model's variables; with `partial`, those that it lacks keep "
          "their values; with `weights_only`, the optimizer's do; with `prefix`, those whose names start otherwise. "
          "Nothing changes unless all of it fits.")
      .def("prepare_weights", &State::prepareWeights, nb::call_guard<nb::gil_scoped_release>(),
           "For inference libraries with replaceable weights: recomputes what runs read instead of them, after arrays "
           "of the state were changed. `load` does so itself.");
  nb::class_<Profile>(module, "Profile", "Where the time of runs goes; see Model.profile.")
      .def(
          "__enter__",
          [](Profile &profile) -> Profile & {
            profile.start();
            return profile;
          },
          nb::rv_policy::reference)
      .def("__exit__", [](Profile &profile, const nb::args &) { profile.stop(); })
      .def(
          "summary",
          [](Profile &profile) { return nb::module_::import_("json").attr("loads")(profile.summarize().toJson()); },
          "Everything as a dict, as `dlc-run profile --json` prints them: `launches`, `layers`, `kernels`, `kinds` "
          "and "
          "`entries`.")
      .def(
          "write_trace", [](Profile &profile, nb::handle path) { profile.writeTrace(pathText(path)); }, "path"_a,
          "Writes what each thread did when, for Perfetto or Chrome. Needs model.profile(trace=True).")
      .def("__str__", [](Profile &profile) { return profile.summarize().toText(dlc::profile::Grouping::Launch); });
  nb::class_<Model>(module, "Model",
                    "A compiled model: a library opened, prepared and ready to run.\n\n"
                    "A model may be used from several threads, which take turns; for runs at the same time, open one "
                    "model per thread: they share the weights. Runs release the interpreter's lock. A model is pickled "
                    "as the path of its library and its number of threads, without variables and states, so processes "
                    "that get one open it anew; a process that has been forked may use the models of its parent if "
                    "those have one thread.")
      .def(
          "__init__",
          [](Model *self, nb::handle path, int64_t threads, bool flushDenormals,
             const std::optional<std::string> &device, uint64_t stream) {
            if (threads < 0 || threads > DLC_MAX_THREADS)
              throw dlc::Error(DLC_ERROR_ARGUMENT, "threads is " + std::to_string(threads) + "; it must be from 1 to " +
                                                       std::to_string(DLC_MAX_THREADS));
            std::string text = pathText(path);
            for (const char *ending : {".json", ".onnx", ".mlir"})
              if (text.size() > 5 && text.compare(text.size() - 5, 5, ending) == 0)
                throw dlc::Error(DLC_ERROR_FILE, "'" + text + "' is a model: compile it first, by dlc.compile(\"" +
                                                     text + "\", \"model.so\")");
            new (self) Model(text, static_cast<uint32_t>(threads), flushDenormals, device.value_or(""), stream);
          },
          "path"_a, "threads"_a = 1, "flush_denormals"_a = false, "device"_a = nb::none(), "stream"_a = 0,
          "Opens the library at `path`; runs use `threads` threads, the caller's included. With `flush_denormals` they "
          "take denormal numbers as 0. `device` is 'cpu', 'cuda' or 'cuda:1', which the library must have been "
          "compiled "
          "for; without it the model runs on a GPU if library and machine have what it takes. `stream` is the handle "
          "of a "
          "CUDA stream to run on: a run whose arrays are all on the GPU then returns when its work is in the stream.")
      .def("__reduce__",
           [](const nb::object &self) {
             const auto &model = nb::cast<const Model &>(self);
             return nb::make_tuple(
                 self.type(), nb::make_tuple(model.path(), model.threads(), model.flushesDenormals(), model.device()));
           })
      .def("__repr__", &modelText)
      .def_prop_ro("path", &Model::path, "The library's path, absolute")
      .def_prop_ro("threads", &Model::threads, "How many threads a run uses")
      .def_prop_ro("device", &Model::device, "Where the model runs: 'cpu' or 'cuda:0'")
      .def_prop_ro("name", [](const Model &model) { return model.description().name; })
      .def_prop_ro("target", [](const Model &model) { return model.description().target; })
      .def_prop_ro("entry_points", &entryPoints)
      .def_prop_ro(
          "data", &learnedData,
          "What the data was that the weights were learned from, a dict with the names of classes and columns, "
          "units and scales; None if the library does not say")
      .def_prop_ro(
          "layers", &layerRows,
          "The layers of the model's file, as tuples (name, op, extents of the result, parameters, operations); "
          "empty if the library does not say")
      .def("run", &runByName, "inputs"_a.none(), "entry"_a = nb::none(), "outputs"_a.none() = nb::dict(),
           "Runs an entry point on arrays by name; returns its outputs by name. If `outputs` is a name or a list of "
           "names, only those; if it is a dict, the arrays in it are written in place. Without `entry` it is 'run', "
           "else 'predict', else the only one. Ctrl-C ends a run between two kernels.")
      .def("cancel", &Model::cancel,
           "Stops the run that another thread is in, which raises an Error, and all that come, until `resume`. Outputs "
           "aside, such a run changes nothing; a training step that has begun to update variables completes.")
      .def("resume", &Model::resume, "Lets the model run again after `cancel`.")
      .def("new_state", &Model::newState, "seed"_a = 0,
           "The variables of a trainable model, as its entry point `init` makes them from `seed`; runs use them from "
           "now on.")
      .def("bind", &Model::bind, "state"_a, "Lets runs use another state.")
      .def(
          "read_metadata",
          [](const Model &model, nb::handle path, const std::string &key) {
            return dlc::readMetadata(&model.description(), pathText(path), key);
          },
          "path"_a, "key"_a, "A metadata string of a checkpoint, or None.")
      .def(
          "profile", [](Model &model, bool trace) { return new Profile(model, trace); }, "trace"_a = false,
          nb::keep_alive<0, 1>(),
          "Profiles the runs inside a with block: `with model.profile() as profile: model(x)`. `print(profile)` shows "
          "where their time went, `profile.summary()` gives all numbers. With `trace`, what happened when is kept for "
          "`write_trace`.")
      .def("reset", &Model::reset, "Clears the state that the model keeps from one run to the next.")
      .def("get_state", &Model::readState, "name"_a, "A copy of the state called `name`.")
      .def("set_state", &Model::writeState, "name"_a, "value"_a.none(),
           "Overwrites the state called `name`; element type and shape are checked.")
      .def("__call__", &call, "inputs"_a, "named"_a,
           "Runs 'run', else 'predict', else the only entry point on arrays in order or by name, model(image) or "
           "model(image=image); returns one array, or a tuple of several, which also has them by name: results.scores, "
           "results['scores']. Shapes are those of `entry_points`; symbols such as N take their values from the "
           "arrays.");
}
