// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extension module `dlc._dlc`: names, arguments and exceptions; the work is done in Model.cpp.
#include "python/Model.h"

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

std::string tensorText(const Tensor &tensor) {
  return tensor.name + ": " + tensor.type + nb::cast<std::string>(nb::str(tensor.shape));
}

/// Arrays by name, in the order of `infos`; a missing one is null.
template <typename AnyArray>
std::vector<std::unique_ptr<AnyArray>> byName(nb::dict arrays, const dlc_tensor_info *infos, uint32_t count,
                                              const char *what) {
  std::vector<std::unique_ptr<AnyArray>> result(count);
  for (auto [key, value] : arrays) {
    auto name = nb::cast<std::string>(key);
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
    // A number is as good as an array without dimensions.
    if constexpr (std::is_same_v<AnyArray, Array>)
      if (!infos[i].rank && (nb::isinstance<nb::float_>(value) || nb::isinstance<nb::int_>(value))) {
        result[i] = std::make_unique<Array>(Model::makeScalar(infos[i].element_type, nb::cast<double>(value)));
        continue;
      }
    result[i] = std::make_unique<AnyArray>(nb::cast<AnyArray>(value));
  }
  return result;
}

nb::dict runByName(Model &model, nb::dict inputs, const std::string &entryName, nb::dict outputs) {
  const dlc_entry_point &entry = model.entry(entryName);
  std::vector<Array> arrays;
  auto named = byName<Array>(inputs, entry.inputs, entry.input_count, "input");
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    if (!named[i] && entry.inputs[i].flags & DLC_TENSOR_HYPERPARAMETER)
      named[i] =
          std::make_unique<Array>(Model::makeScalar(entry.inputs[i].element_type, entry.inputs[i].default_value));
    if (!named[i])
      throw dlc::Error(DLC_ERROR_COUNT, std::string("input '") + entry.inputs[i].name + "' is missing");
    arrays.push_back(*named[i]);
  }
  auto results = model.run(entry, arrays, byName<WritableArray>(outputs, entry.outputs, entry.output_count, "output"));
  nb::dict dict;
  for (uint32_t i = 0; i < entry.output_count; ++i)
    dict[entry.outputs[i].name] = results[i];
  return dict;
}

nb::object call(Model &model, nb::args inputs) {
  std::vector<Array> arrays;
  for (nb::handle input : inputs)
    arrays.push_back(nb::cast<Array>(input));
  auto results = model.run(model.description().entries[0], arrays, {});
  if (results.size() == 1)
    return results[0];
  nb::list list;
  for (nb::object &result : results)
    list.append(result);
  return nb::tuple(list);
}

std::string pathText(nb::handle path) { return nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path)); }

/// A KeyError for what is not there, so that a state is a mapping like others.
nb::object viewByName(const State &state, const std::string &name) {
  if (!dlc_find_variable(state.block().model(), name.c_str()))
    throw nb::key_error(name.c_str());
  return state.view(name);
}

} // namespace

NB_MODULE(_dlc, module) {
  module.doc() = "Model libraries made by dlc";

  static nb::object errorClass = nb::exception<dlc::Error>(module, "Error");
  errorClass.doc() = "A call that a model refused. `status` is the code of dlc/abi.h.";
  nb::register_exception_translator([](const std::exception_ptr &pointer, void *) {
    try {
      std::rethrow_exception(pointer);
    } catch (const dlc::Error &error) {
      nb::object instance = errorClass(error.what());
      instance.attr("status") = error.status();
      PyErr_SetObject(errorClass.ptr(), instance.ptr());
    }
  });

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
      .def("__repr__", [](const EntryPoint &entry) {
        auto join = [](const std::vector<Tensor> &tensors) {
          std::string text;
          for (const Tensor &tensor : tensors)
            text += (text.empty() ? "" : ", ") + tensorText(tensor);
          return text;
        };
        return entry.name + "(" + join(entry.inputs) + ") -> (" + join(entry.outputs) + ")";
      });
  nb::class_<State>(module, "State",
                    "What a model has learned, and what its optimizer keeps: a mapping of names to arrays.")
      .def("__getitem__", &viewByName, "name"_a, "The variable `name`, in place: writing the array changes the state.")
      .def("__setitem__", &State::write, "name"_a, "value"_a)
      .def("__contains__",
           [](const State &state, nb::object name) {
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
      .def(
          "prepare_weights", &State::prepareWeights, nb::call_guard<nb::gil_scoped_release>(),
          "For inference libraries with replaceable weights: computes anew what runs read in their place, after arrays "
          "of the state were changed. `load` does so itself.");
  nb::class_<Model>(module, "Model", "A compiled model: a library opened, prepared and ready to run.")
      .def(
          "__init__", [](Model *self, nb::handle path, uint32_t threads) { new (self) Model(pathText(path), threads); },
          "path"_a, "threads"_a = 1, "Opens the library at `path`; runs use `threads` threads, the caller's included.")
      .def_prop_ro("name", [](const Model &model) { return model.description().name; })
      .def_prop_ro("target", [](const Model &model) { return model.description().target; })
      .def_prop_ro("entry_points", &entryPoints)
      .def("run", &runByName, "inputs"_a, "entry"_a = "run", "outputs"_a = nb::dict(),
           "Runs an entry point on arrays by name; returns its outputs by name. Arrays in `outputs` are written in "
           "place.")
      .def("new_state", &Model::newState, "seed"_a = 0,
           "The variables of a model that learns, as its entry point `init` makes them of `seed`; runs use them from "
           "now on.")
      .def("bind", &Model::bind, "state"_a, "Lets runs use another state.")
      .def(
          "read_metadata",
          [](const Model &model, nb::handle path, const std::string &key) {
            return dlc::readMetadata(&model.description(), pathText(path), key);
          },
          "path"_a, "key"_a, "A text that a checkpoint carries beside its tensors, or None.")
      .def("reset", &Model::reset, "Forgets what the model keeps from one run to the next.")
      .def("get_state", &Model::readState, "name"_a, "A copy of the state called `name`.")
      .def("set_state", &Model::writeState, "name"_a, "value"_a,
           "Overwrites the state called `name`; element type and shape are checked.")
      .def("__call__", &call, "inputs"_a,
           "Runs the first entry point on arrays in order; returns one array, or a tuple of several.");
}
