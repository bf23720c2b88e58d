// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainedParameters.h"
#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace dlc::json;

TrainedParameters::TrainedParameters(ModuleOp module, const JsonValue &training, TrainedGraph &graph,
                                     Reporter &reporter)
    : module(module), training(training), graph(graph), reporter(reporter), chosen(training.find("parameters")) {
  if (const JsonValue *given = training.find("groups"))
    groups = given->elements;
  deciding.resize(static_cast<unsigned>(groups.size()));
  haveTrained = deciding;
}

/// Whether `name` is the parameter's, or a layer's that has it (NAME.weight, or NAME/weight in files of other
/// programs), or a pattern of names with '*' and '?'.
static bool matches(StringRef name, StringRef parameter) {
  if (name.contains('*') || name.contains('?')) {
    // Brackets and braces are parts of names, as in "layers[0].weight".
    std::string escaped;
    for (char c : name)
      escaped += StringRef("[]{}\\").contains(c) ? std::string{'\\', c} : std::string(1, c);
    llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(escaped);
    if (pattern)
      return pattern->match(parameter);
    llvm::consumeError(pattern.takeError());
    return false;
  }
  return parameter.consume_front(name) && (parameter.empty() || parameter.front() == '.' || parameter.front() == '/');
}

static bool matchesAny(const JsonValue &names, StringRef parameter) {
  return llvm::any_of(names.elements, [&](const JsonValue &name) { return matches(name.string, parameter); });
}

/// Whether an optimizer could change it.
static bool isTrainable(dlc::ParameterOp parameter) {
  return parameter.getKind() == "weight" && isa<FloatType>(getElementTypeOrSelf(parameter.getType()));
}

void TrainedParameters::checkNames(const JsonValue &names) {
  SmallVector<StringRef> known;
  for (auto parameter : module.getOps<dlc::ParameterOp>())
    known.push_back(parameter.getSymName());
  for (const JsonValue &name : names.elements)
    if (llvm::none_of(known, [&](StringRef parameter) { return matches(name.string, parameter); }))
      reporter.error(name.position, "there is no parameter or layer with parameters called '" + name.string + "'" +
                                        suggest(name.string, known));
}

/// For the end of a message: why a parameter that could be trained is not.
std::string TrainedParameters::describeUntrained() {
  for (auto parameter : module.getOps<dlc::ParameterOp>())
    if (isTrainable(parameter))
      if (std::string why = graph.explainUntrained(parameter); !why.empty())
        return ("; of '" + parameter.getSymName() + "', " + why).str();
  return "";
}

void TrainedParameters::checkChosen(const JsonValue &names) {
  for (const JsonValue &name : names.elements) {
    auto isMeant = [&](dlc::ParameterOp parameter) { return matches(name.string, parameter.getSymName()); };
    auto meant = llvm::to_vector(llvm::make_filter_range(module.getOps<dlc::ParameterOp>(), isMeant));
    if (meant.empty() || llvm::any_of(trained, [&](const TrainedParameter &entry) { return isMeant(entry.parameter); }))
      continue;
    if (llvm::any_of(meant, isTrainable))
      reporter.warning(name.position, "'" + name.string + "' is not trained, since a group freezes it");
    else if (meant.front().getKind() != "weight")
      reporter.error(name.position, "'" + name.string + "' is not trained by gradients: it is a running statistic");
    else
      reporter.error(name.position, "'" + name.string + "' cannot be trained: its elements are integers");
  }
  for (TrainedParameter &entry : trained)
    if (std::string why = graph.explainUntrained(entry.parameter); !why.empty())
      reporter.error(names.position, "'" + entry.parameter.getSymName() + "' cannot be trained: " + why);
}

void TrainedParameters::add(dlc::ParameterOp parameter) {
  StringRef name = parameter.getSymName();
  TrainedParameter entry{parameter};
  bool wouldBeFrozen = chosen ? !matchesAny(*chosen, name) : !graph.trainsByDefault(parameter);
  bool isFrozen = wouldBeFrozen, hasBeenFrozen = wouldBeFrozen;
  // Of two groups that say the same, the later one decides.
  std::optional<unsigned> freezing, scaling, decaying, limiting;
  SmallVector<unsigned> own;
  for (unsigned number = 0; number < groups.size(); ++number) {
    const JsonValue &group = groups[number];
    if (!matchesAny(*group.find("parameters"), name))
      continue;
    own.push_back(number);
    if (const JsonValue *rate = group.find("rate")) {
      entry.rate = rate->number;
      scaling = number;
    }
    if (const JsonValue *decay = group.find("weight_decay")) {
      entry.weightDecay = decay->number;
      decaying = number;
    }
    // Vectors have no outputs of their own, whose norm could be limited.
    if (const JsonValue *norm = group.find("max_norm"); norm && cast<ShapedType>(parameter.getType()).getRank() >= 2) {
      entry.maxNorm = norm->number;
      limiting = number;
    }
    if (const JsonValue *frozen = group.find("frozen"); frozen && (!chosen || frozen->boolean)) {
      isFrozen = frozen->boolean;
      hasBeenFrozen |= isFrozen;
      freezing = number;
    }
  }
  if (freezing && (isFrozen ? !wouldBeFrozen : hasBeenFrozen))
    deciding.set(*freezing);
  if (isFrozen)
    return;
  for (std::optional<unsigned> number : {scaling, decaying, limiting})
    if (number)
      deciding.set(*number);
  for (unsigned number : own)
    haveTrained.set(number);
  trained.push_back(entry);
}

void TrainedParameters::checkGroups() {
  for (unsigned number = 0; number < groups.size(); ++number) {
    if (deciding.test(number))
      continue;
    const JsonValue &group = groups[number];
    auto sets = [&](StringRef key) { return group.find(key) != nullptr; };
    bool hasSettings = llvm::any_of(ArrayRef<StringRef>{"rate", "weight_decay", "max_norm", "frozen"}, sets);
    const JsonValue *frozen = group.find("frozen");
    StringRef why = !hasSettings                ? "it sets none of rate, weight_decay, max_norm and frozen"
                    : frozen && frozen->boolean ? "without it, its parameters would not be trained either"
                    : !haveTrained.test(number) ? "none of its parameters is trained"
                    : !sets("rate") && !sets("weight_decay") && !frozen
                        ? "none of its parameters has two dimensions, or later groups set another max_norm"
                        : "its parameters are trained without it, with what later groups set";
    reporter.warning(group.position, "this group has no effect: " + why);
  }
}

std::optional<SmallVector<TrainedParameter>> TrainedParameters::choose() {
  if (chosen)
    checkNames(*chosen);
  for (const JsonValue &group : groups)
    checkNames(*group.find("parameters"));
  for (auto parameter : module.getOps<dlc::ParameterOp>())
    if (isTrainable(parameter))
      add(parameter);
  if (chosen)
    checkChosen(*chosen);
  if (trained.empty() && !reporter.hasErrors())
    reporter.error(training.position, "the model has no parameters that training could change" + describeUntrained());
  if (reporter.hasErrors())
    return std::nullopt;
  checkGroups();
  return std::move(trained);
}
