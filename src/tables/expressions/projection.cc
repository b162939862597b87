#include "tables/expressions/projection.h"

#include "tables/expressions/syntax.h"

namespace gust::tables {

Item Projection::apply(const Item& item) const { return project(item, paths_); }

std::set<std::string> Projection::attributes() const {
  std::set<std::string> out;
  for (const auto& path : paths_) out.insert(path.top());
  return out;
}

Result<Projection> parse_projection(std::string_view text, Placeholders& placeholders) {
  constexpr auto kKind = ExpressionKind::kProjection;
  GUST_TRY(auto tokens, Tokens::of(kKind, text));
  SyntaxParser parser(tokens);
  std::vector<SyntaxPath> written;
  do {
    GUST_TRY(auto path, parser.path());
    written.push_back(std::move(path));
  } while (tokens.take(","));
  GUST_CHECK(tokens.expect_end());
  for (const auto& path : written) GUST_CHECK(check_names(kKind, path));
  std::vector<DocumentPath> paths;
  for (const auto& path : written) {
    GUST_TRY(auto resolved, resolve_path(kKind, path, placeholders));
    paths.push_back(std::move(resolved));
  }
  GUST_CHECK(check_apart(kKind, paths));
  return Projection(std::move(paths));
}

}  // namespace gust::tables
