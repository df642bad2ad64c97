#include "io/safetensors_header.h"

#include <optional>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "io/elements.h"

namespace conv1d::io {
namespace {

using Json = nlohmann::json;

/// Takes the header event by event: nothing is built of what is not wanted, and nothing that is nested deeper than a
/// header is gets any further.
///
/// level 0: the whole; 1: its entries by name; 2: the fields of an entry, or the metadata; 3: a list of numbers.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  Header take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (skipping()) return skip(1);
    if (level_ >= 2) return begin_unknown("an object");
    ++level_;
    if (level_ == 2) begin_entry();
    return true;
  }

  bool end_object() override {
    if (skipping()) return skip(-1);
    if (level_ == 2) end_entry();
    --level_;
    return true;
  }

  bool start_array(std::size_t) override {
    if (skipping()) return skip(1);
    if (level_ != 2 || in_metadata() || (field_ != "shape" && field_ != "data_offsets")) return begin_unknown("a list");
    ++level_;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    if (skipping()) return skip(-1);
    --level_;
    if (field_ == "shape") {
      entry_.shape = numbers_;
    } else {
      if (numbers_.size() != 2) refuse("data_offsets are two numbers");
      entry_.offsets = {numbers_[0], numbers_[1]};
    }
    return true;
  }

  bool key(string_t& text) override {
    if (skipping()) return true;
    if (level_ == 1) {
      entry_.name = text;
      if (!names_.insert(text).second) refuse("the name occurs twice");
    } else {
      field_ = text;
      if (!fields_.insert(text).second) refuse("'" + field_ + "' occurs twice");
    }
    return true;
  }

  bool string(string_t& text) override {
    if (skipping()) return true;
    if (level_ == 2 && in_metadata()) {
      header_.metadata[field_] = text;
    } else if (level_ == 2 && field_ == "dtype") {
      entry_.dtype = text;
    } else {
      scalar("a text");
    }
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!skipping() && level_ == 3) {
      if (numbers_.size() == kMaxRank)
        refuse("'" + field_ + "' has more than " + std::to_string(kMaxRank) + " numbers");
      numbers_.push_back(value);
      return true;
    }
    return scalar("a number");
  }
  bool number_integer(number_integer_t) override { return scalar("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return scalar("a number that is not a whole one"); }
  bool boolean(bool) override { return scalar("true or false"); }
  bool null() override { return scalar("null"); }
  bool binary(binary_t&) override { return scalar("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail_in<ValueError>(path_, "the header is not valid JSON in UTF-8: mistake at byte ", position);
  }

 private:
  // What a later version of the format may say of a tensor besides: it is passed over, in moderate depth.
  static constexpr int kMaxSkippedLevels = 16;

  bool in_metadata() const { return entry_.name == kMetadataName; }
  bool skipping() const { return skipped_levels_ > 0; }
  bool skip(int levels) {
    skipped_levels_ += levels;
    if (skipped_levels_ > kMaxSkippedLevels) refuse("it is nested too deeply");
    return true;
  }
  bool known_field() const { return field_ == "dtype" || field_ == "shape" || field_ == "data_offsets"; }
  bool begin_unknown(const char* what) {
    if (level_ != 2 || in_metadata() || known_field()) refuse(cat_text(what, " where there should be something else"));
    return skip(1);
  }
  bool scalar(const char* what) {
    if (skipping() || (level_ == 2 && !in_metadata() && !known_field())) return true;
    refuse(cat_text(what, " where there should be something else"));
  }

  void begin_entry() { fields_.clear(); }
  void end_entry() {
    if (in_metadata()) return;
    for (const char* field : {"dtype", "shape", "data_offsets"}) {
      if (!fields_.contains(field)) refuse(cat_text("'", field, "' is missing"));
    }
    header_.entries.push_back(entry_);
  }

  [[noreturn]] void refuse(const std::string& what) const {
    if (level_ == 0) fail_in<ValueError>(path_, "the header is no JSON object: ", what);
    fail_in<ValueError>(path_, "the header's entry '", entry_.name, "': ", what);
  }

  const std::string& path_;
  Header header_;
  std::unordered_set<std::string> names_, fields_;
  int level_ = 0, skipped_levels_ = 0;
  Entry entry_;
  std::string field_;
  std::vector<std::uint64_t> numbers_;
};

}  // namespace

Header parse_header(const std::string& path, std::string_view text) {
  // The parser would take it for the end; other readers of the same file would not.
  if (text.find('\0') != text.npos) fail_in<ValueError>(path, "the header has a null character in it");
  // The parser would also take a byte order mark before the object, which the format does not.
  if (!text.starts_with('{')) fail_in<ValueError>(path, "the header does not begin with '{': not a safetensors file");
  Reader reader(path);
  Json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

std::string json_string(const std::string& path, const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    fail_in<ValueError>(path, "a name or text is not UTF-8");
  }
}

}  // namespace conv1d::io
