// SPDX-License-Identifier: Apache-2.0
/// \file
/// Rules that say what a JSON value may be. The same tables of rules check models, make the JSON Schema and give
/// attributes their defaults.
#ifndef DLC_FRONTEND_JSON_RULES_H
#define DLC_FRONTEND_JSON_RULES_H

#include "frontend/json/Reporter.h"
#include <memory>

namespace dlc::json {

class Rule;
using RulePtr = std::shared_ptr<const Rule>;

/// Names that models elsewhere use, and what they are called here. A hint counts where the name that it gives is one of
/// those that may be there.
using NameHints = std::vector<std::pair<std::string, std::string>>;

/// Those of keys, in objects of all kinds.
const NameHints &getKeyHints();

/// A key that an object may have.
struct Field {
  std::string name;
  RulePtr rule;
  std::string summary;
  bool isRequired = false;
  /// The default of a missing key; none if there is no default.
  std::optional<JsonValue> otherwise;
};

/// An object distinguished from others by the value of a tag (`op`).
struct Variant {
  std::string name, summary;
  std::vector<Field> fields;
};

class Rule {
public:
  enum class Kind {
    Anything,
    Boolean,
    Integer,
    Number,
    String,
    Choice,  ///< a string out of `choices`
    List,    ///< `minCount` to `maxCount` values of `element`
    Object,  ///< keys out of `fields`
    Map,     ///< any keys, values of `element`
    Variant, ///< an object whose `tag` names one of `variants`
    Either,  ///< one of `alternatives`, which differ in JSON type
    Deferred ///< what `target` gives, for rules that contain themselves
  };
  Kind kind = Kind::Anything;
  std::optional<double> minimum, maximum;
  std::vector<std::string> choices;
  std::string suffix; ///< what a String must end in
  NameHints hints;    ///< of a Choice, or of the tag of a Variant
  RulePtr element;
  size_t minCount = 0, maxCount = SIZE_MAX;
  std::vector<Field> fields;
  std::string tag;
  std::vector<Variant> variants;
  std::vector<RulePtr> alternatives;
  RulePtr (*target)() = nullptr;
  /// How messages call such a value ("an activation"); made from the rest if empty.
  std::string title;
  /// Name under which the JSON Schema defines the rule once; none if empty.
  std::string definition;
  /// Of a Variant: how messages call one ("layer").
  std::string noun;

  /// What the value must be: "an integer of at least 1".
  std::string describe() const;
};

RulePtr anything();
RulePtr boolean();
RulePtr integer(std::optional<double> minimum = {}, std::optional<double> maximum = {});
RulePtr number(std::optional<double> minimum = {}, std::optional<double> maximum = {});
RulePtr string(std::string title = "");
RulePtr stringEndingIn(std::string suffix, std::string title);
RulePtr choice(std::vector<std::string> choices, std::string title = "");
RulePtr list(RulePtr element, size_t minCount = 0, size_t maxCount = SIZE_MAX);
RulePtr object(std::vector<Field> fields, std::string title = "");
RulePtr mapOf(RulePtr element, std::string title = "");
RulePtr either(std::vector<RulePtr> alternatives, std::string title = "");
RulePtr deferred(RulePtr (*target)());
/// `rule`, defined once in the JSON Schema under `definition`.
RulePtr defined(std::string definition, const RulePtr &rule);

Field required(std::string name, RulePtr rule, std::string summary);
/// `otherwise` is the default as JSON; empty: no default.
Field optional(std::string name, RulePtr rule, const std::string &otherwise, std::string summary);

/// Checks `value`, called `what` in messages, against `rule`; reports every problem and says whether there was none.
bool validate(const Rule &rule, const JsonValue &value, const std::string &what, Reporter &reporter);

/// Whether `value` keeps `rule`; reports nothing.
bool isValid(const Rule &rule, const JsonValue &value);

/// How messages call an element of a Variant list: `layer 'conv1'`, or `layer 3 (dense)` if it has no name.
std::string labelOf(const Rule &rule, const JsonValue &value, size_t index);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_RULES_H
