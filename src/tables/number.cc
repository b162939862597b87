#include "tables/number.h"

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMostDigits = 38;
constexpr std::int32_t kHighest = 126, kLowest = -129;  // of exponent_: 9.9E+125 and 1E-130
constexpr std::int64_t kFar = 1'000'000'000;            // exponents beyond are as good as this one

// The first byte says the sign; what follows of a negative number is complemented, so that it sorts the other way.
constexpr unsigned char kNegative = 1, kZero = 2, kPositive = 3;
constexpr std::size_t kMostPairs = (kMostDigits + 1) / 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

std::unexpected<Error> no_number(std::string_view text) {
  std::string message = "The parameter cannot be converted to a numeric value";
  if (!text.empty()) message += ": " + std::string(text);
  return fail(Code::kInvalid, std::move(message), "number");
}

std::unexpected<Error> corrupt() { return fail(Code::kCorrupt, "a number in a row is none"); }

// Both of one length.
std::string sum(std::string_view a, std::string_view b) {
  std::string out(a.size() + 1, '0');
  int carry = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = (a[i] - '0') + (b[i] - '0') + carry;
    out[i + 1] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  out[0] = static_cast<char>('0' + carry);
  return out;
}

// Of the greater one and the other; as long as the sum.
std::string difference(std::string_view a, std::string_view b) {
  std::string out(a.size() + 1, '0');
  int borrowed = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = a[i] - b[i] - borrowed;
    borrowed = digit < 0 ? 1 : 0;
    out[i + 1] = static_cast<char>('0' + digit + 10 * borrowed);
  }
  return out;
}

}  // namespace

Result<Number> Number::parse(std::string_view text) {
  auto rest = text;
  Number number;
  number.negative_ = take_sign(rest);
  const auto whole = take_digits(rest);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  if (whole.empty() && fraction.empty()) return no_number(text);
  std::int64_t exponent = 0;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    const bool down = take_sign(rest);
    const auto digits = take_digits(rest);
    if (digits.empty()) return no_number(text);
    for (const char c : digits) exponent = std::min(kFar, exponent * 10 + (c - '0'));
    if (down) exponent = -exponent;
  }
  if (!rest.empty()) return no_number(text);
  number.digits_.reserve(whole.size() + fraction.size());
  number.digits_.append(whole).append(fraction);
  number.exponent_ = static_cast<std::int32_t>(
      std::clamp(exponent + static_cast<std::int64_t>(std::min<std::size_t>(whole.size(), kFar)), -kFar, kFar));
  return number.fitted();
}

Result<Number> Number::fitted() const {
  const auto first = digits_.find_first_not_of('0');
  if (first == std::string::npos) return Number();
  Number out;
  out.digits_ = digits_.substr(first, digits_.find_last_not_of('0') + 1 - first);
  out.negative_ = negative_;
  const auto exponent = exponent_ - static_cast<std::int64_t>(first);
  if (exponent > kHighest) {
    return fail(Code::kInvalid,
                "Number overflow. Attempting to store a number with magnitude larger than supported range", "number");
  }
  if (exponent < kLowest) {
    return fail(Code::kInvalid,
                "Number underflow. Attempting to store a number with magnitude smaller than supported range", "number");
  }
  if (out.digits_.size() > kMostDigits)
    return fail(Code::kInvalid, "Attempting to store more than 38 significant digits in a Number", "number");
  out.exponent_ = static_cast<std::int32_t>(exponent);
  return out;
}

std::string Number::text() const {
  if (digits_.empty()) return "0";
  std::string out = negative_ ? "-" : "";
  const auto length = static_cast<std::int32_t>(digits_.size());
  if (exponent_ <= 0) return out + "0." + std::string(static_cast<std::size_t>(-exponent_), '0') + digits_;
  if (exponent_ >= length) return out + digits_ + std::string(static_cast<std::size_t>(exponent_ - length), '0');
  const auto point = static_cast<std::size_t>(exponent_);
  return out.append(digits_, 0, point).append(".").append(digits_, point);
}

Result<Number> Number::plus(const Number& other) const {
  if (digits_.empty()) return other;
  if (other.digits_.empty()) return *this;
  const auto low = [](const Number& n) { return n.exponent_ - static_cast<std::int32_t>(n.digits_.size()); };
  const auto top = std::max(exponent_, other.exponent_), bottom = std::min(low(*this), low(other));
  const auto aligned = [&](const Number& n) {
    return std::string(static_cast<std::size_t>(top - n.exponent_), '0') + n.digits_ +
           std::string(static_cast<std::size_t>(low(n) - bottom), '0');
  };
  const auto a = aligned(*this), b = aligned(other);
  Number out;
  out.exponent_ = top + 1;
  out.negative_ = negative_;
  if (negative_ == other.negative_) {
    out.digits_ = sum(a, b);
  } else if (a >= b) {
    out.digits_ = difference(a, b);
  } else {
    out.digits_ = difference(b, a);
    out.negative_ = other.negative_;
  }
  return out.fitted();
}

Result<Number> Number::minus(const Number& other) const {
  auto negated = other;
  negated.negative_ = !other.negative_ && !other.digits_.empty();
  return plus(negated);
}

std::string Number::sortable() const {
  if (digits_.empty()) return std::string(1, static_cast<char>(kZero));
  std::string out;
  out.reserve(digits_.size() / 2 + 4);
  out += static_cast<char>(exponent_ - kLowest);
  for (std::size_t i = 0; i < digits_.size(); i += 2) {
    const int second = i + 1 < digits_.size() ? digits_[i + 1] - '0' : 0;
    out += static_cast<char>(1 + (digits_[i] - '0') * 10 + second);
  }
  out += '\0';
  if (negative_) std::ranges::for_each(out, [](char& c) { c = static_cast<char>(~c); });
  out.insert(out.begin(), static_cast<char>(negative_ ? kNegative : kPositive));
  return out;
}

Result<Number> Number::from_sortable(std::string_view bytes) {
  if (bytes.size() == 1 && bytes[0] == static_cast<char>(kZero)) return Number();
  if (bytes.size() < 4 || bytes.size() > 3 + kMostPairs) return corrupt();
  Number number;
  number.negative_ = bytes[0] == static_cast<char>(kNegative);
  if (!number.negative_ && bytes[0] != static_cast<char>(kPositive)) return corrupt();
  const auto plain = [&](std::size_t i) {
    return static_cast<unsigned char>(number.negative_ ? ~bytes[i] : bytes[i]);
  };
  number.exponent_ = plain(1) + kLowest;
  for (std::size_t i = 2; i + 1 < bytes.size(); ++i) {
    const int pair = plain(i) - 1;
    if (pair < 0 || pair > 99) return corrupt();
    number.digits_ += static_cast<char>('0' + pair / 10);
    number.digits_ += static_cast<char>('0' + pair % 10);
  }
  if (plain(bytes.size() - 1) != 0 || number.digits_.front() == '0') return corrupt();
  if (number.digits_.back() == '0') number.digits_.pop_back();
  if (number.digits_.back() == '0') return corrupt();
  return number;
}

std::size_t Number::size() const {
  if (digits_.empty()) return 1;
  const std::size_t alone = exponent_ % 2 != 0 ? 1 : 0;  // the first digit is no pair
  return 1 + alone + (digits_.size() - alone + 1) / 2 + (negative_ ? 1 : 0);
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  const auto sign = [](const Number& n) { return n.digits_.empty() ? 0 : n.negative_ ? -1 : 1; };
  if (const auto order = sign(*this) <=> sign(other); order != 0 || digits_.empty()) return order;
  const auto& greater = negative_ ? other : *this;
  const auto& smaller = negative_ ? *this : other;
  if (const auto order = greater.exponent_ <=> smaller.exponent_; order != 0) return order;
  return greater.digits_.compare(smaller.digits_) <=> 0;
}

}  // namespace gust::tables
