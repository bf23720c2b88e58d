// SPDX-License-Identifier: Apache-2.0
#include "ir/SignatureBuilder.h"

using namespace mlir;

namespace dlc {

SignatureBuilder::SignatureBuilder(func::FuncOp function) : function(function), results(function.getResultTypes()) {
  function.getAllArgAttrs(argumentAttributes);
  function.getAllResultAttrs(resultAttributes);
}

BlockArgument SignatureBuilder::insertArgument(unsigned number, Type type, Location location,
                                               DictionaryAttr attributes) {
  argumentAttributes.insert(argumentAttributes.begin() + number,
                            attributes ? attributes : DictionaryAttr::get(function.getContext()));
  return function.getBody().front().insertArgument(number, type, location);
}

void SignatureBuilder::addResult(Type type, DictionaryAttr attributes) {
  results.push_back(type);
  resultAttributes.push_back(attributes ? attributes : DictionaryAttr::get(function.getContext()));
}

static DictionaryAttr withAttribute(DictionaryAttr attributes, llvm::StringRef name, Attribute value) {
  NamedAttrList list(attributes);
  list.set(name, value);
  return list.getDictionary(value.getContext());
}

void SignatureBuilder::setArgAttr(unsigned number, llvm::StringRef name, Attribute value) {
  argumentAttributes[number] = withAttribute(argumentAttributes[number], name, value);
}

void SignatureBuilder::setResultAttr(unsigned number, llvm::StringRef name, Attribute value) {
  resultAttributes[number] = withAttribute(resultAttributes[number], name, value);
}

void SignatureBuilder::finish() {
  auto arguments = function.getBody().front().getArgumentTypes();
  function.setType(FunctionType::get(function.getContext(), arguments, results));
  function.setAllArgAttrs(argumentAttributes);
  function.setAllResultAttrs(resultAttributes);
}

} // namespace dlc
