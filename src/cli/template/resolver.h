// Resolver: the intrinsic functions of templates (Ref, Fn::Sub, Fn::If, ...). What a resource is named comes from a
// lookup that the caller gives. Any thread.
#pragma once

#include "cli/template/node.h"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace gust::cli {

// The value of a resource's attribute; an empty attribute is its Ref. kNotFound when there is no such resource.
using Lookup = std::function<Result<std::string>(const std::string& logical_id, const std::string& attribute)>;

class Resolver {
 public:
  // `root` outlives this. `parameters` has the parameters and the pseudo parameters, lists joined by commas.
  Resolver(const Node& root, std::string file, std::map<std::string, Node> parameters, Lookup lookup);

  // The node with every intrinsic replaced. Absent when it is AWS::NoValue; fields and items that are absent are left
  // out. kInvalid "template" with file and line; kUnsupported for Fn::ImportValue and the like.
  Result<Node> resolve(const Node& node);
  // The same for what must be text, a number or a bool; `what` names it in the error.
  Result<std::string> text(const Node& node, std::string_view what);
  Result<bool> condition(const std::string& name, int line);

  std::unexpected<Error> error(int line, std::string_view message, Code code = Code::kInvalid) const;

 private:
  Result<Node> call(const std::string& function, const Node& argument);
  Result<Node> ref(const Node& argument);
  Result<Node> get_att(const Node& argument);
  Result<Node> sub(const Node& argument);
  Result<Node> join(const Node& argument);
  Result<Node> select(const Node& argument);
  Result<Node> split(const Node& argument);
  Result<Node> find_in_map(const Node& argument);
  Result<Node> choose(const Node& argument);
  Result<bool> test(const Node& node);
  Result<std::string> variable(const std::string& name, const Node& locals, int line);
  Result<std::string> attribute(const std::string& logical_id, const std::string& attribute, int line);

  const Node& root_;
  std::string file_;
  std::map<std::string, Node> parameters_;
  Lookup lookup_;
  std::map<std::string, bool> conditions_;
  std::set<std::string> running_;
  int depth_ = 0;
};

}  // namespace gust::cli
