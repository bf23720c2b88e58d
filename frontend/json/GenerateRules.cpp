// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/GenerateRules.h"

using namespace dlc::json;

static std::vector<Field> withCommonFields(std::vector<Field> fields) {
  std::vector<Field> all = {
      optional("name", string(), "\"generate\"", "Name of the entry point"),
      optional("function", string("the name of a function"), "\"run\"",
               "Function that gives the scores of the next token, a step at a time"),
      optional("input", string("the name of an input"), "",
               "The function's input that takes tokens; the only one that the encoder does not give if missing"),
      optional("output", string("the name of an output"), "", "The function's output with a score for every token"),
      optional("encoder", string("the name of a function"), "",
               "Function whose outputs are the other inputs, by name; computed once"),
      required("max_tokens", integer(1, 1 << 24), "Maximum number of tokens to generate"),
      optional("stop_token", integer(0, INT32_MAX), "", "Token after which generating ends")};
  for (Field &field : fields)
    all.push_back(std::move(field));
  return all;
}

RulePtr dlc::json::getGenerateRule() {
  static const RulePtr rule = [] {
    auto method = std::make_shared<Rule>();
    method->kind = Rule::Kind::Variant;
    method->tag = "method";
    method->noun = "generate";
    method->variants = {
        {"greedy", "The most likely token at every step", withCommonFields({})},
        {"sample", "A token drawn by its probability; the entry point takes a `seed`",
         withCommonFields({optional("temperature", number(0), "", "Divides scores, 0 is greedy; an input if missing"),
                           optional("top_k", integer(1, INT32_MAX), "",
                                    "Draws among so many of the most likely tokens; all if missing")})},
        {"beam", "The most likely sequence among those that a beam of them grows into",
         withCommonFields({optional("beams", integer(1, 4096), "4", "Number of sequences kept at every step"),
                           optional("length_penalty", number(), "0",
                                    "A sequence's score is divided by its length to this power")})}};
    RulePtr section = defined("generate", method);
    return either({section, list(section, 1)}, "an object with 'method' and 'max_tokens', or a list of these");
  }();
  return rule;
}
