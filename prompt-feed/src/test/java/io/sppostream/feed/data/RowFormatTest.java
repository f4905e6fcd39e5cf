package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.Message;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowFormatTest {
    private static final String CHAT = """
            {"prompt": [{"content": "Be brief.", "role": "system"}, {"content": "1+1=", "role": "user"}],
             "reward_model": {"style": "rule", "ground_truth": "2"}, "data_source": "sums", "answer": "no",
             "extra_info": {"hint": "count"}}""";

    private static Problem read(RowFormat format, String row) throws Exception {
        return format.read("1", new ObjectMapper().readTree(row)).problem();
    }

    private static RowFormat format(String system, String template, String suffix) {
        return new RowFormat(null, null, null, system, template, suffix);
    }

    @Test
    void shouldTakeMessagesAndGroundTruth() throws Exception {
        Problem problem = read(RowFormat.USUAL, CHAT);
        assertThat(problem.messages()).containsExactly(new Message("system", "Be brief."), new Message("user", "1+1="));
        assertThat(problem.reference()).isEqualTo("2");
        assertThat(problem.dataset()).isNull();
    }

    @Test
    void shouldNameTheDatasetOfARow() throws Exception {
        RowFormat format = new RowFormat(null, null, "data_source", "", "", "");
        assertThat(read(format, CHAT).dataset()).isEqualTo("sums");
        assertThat(read(format, "{\"prompt\": \"1\", \"answer\": 1}").dataset()).isNull();
    }

    @Test
    void shouldReplaceTheSystemMessageFillTheTemplateAndAppendTheSuffix() throws Exception {
        Problem problem =
                read(format("Think.", "Q: {{prompt}} ({{ extra_info.hint }}) \\boxed{x} $1", "Box it."), CHAT);
        assertThat(problem.messages())
                .containsExactly(
                        new Message("system", "Think."), new Message("user", "Q: 1+1= (count) \\boxed{x} $1 Box it."));
        assertThat(read(format("Think.", "", ""), "{\"prompt\": \"1\", \"answer\": 1}")
                        .messages())
                .containsExactly(new Message("system", "Think."), new Message("user", "1"));
    }

    @Test
    void shouldNeedNoPromptWhenTheTemplateNamesOtherFields() throws Exception {
        assertThat(read(format("", "{{a}}+{{b}}", ""), "{\"a\": 1, \"b\": 2, \"answer\": 3}")
                        .messages())
                .containsExactly(new Message("user", "1+2"));
        assertThatThrownBy(() -> read(format("", "{{a}}+{{c}}", ""), "{\"a\": 1, \"b\": 2, \"answer\": 3}"))
                .hasMessage("has no 'c' for the template: expected c, found a, b, answer");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"a | Box it. | a Box it.", "a Box it. | Box it. | a Box it.", "'a ' | Box it. | a Box it."})
    void shouldAppendTheSuffixOnce(String prompt, String suffix, String expected) throws Exception {
        assertThat(read(format("", "", suffix), "{\"prompt\": \"" + prompt + "\", \"answer\": 1}")
                        .messages())
                .containsExactly(new Message("user", expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"answer\": \"\", \"solution\": \"so $\\\\boxed{\\\\frac{1}{2}}$\"} | \\frac{1}{2}",
                "{\"solution\": \"\\\\boxed{1}, then \\\\boxed{2}.\"} | 2",
                "{\"solution\": \"\\\\boxed{\\\\{1\\\\}}\"} | \\{1\\}",
                "{\"solution\": \"\\\\boxed{3} and \\\\boxed{4\"} | 3",
                "{\"solution\": \"7\"} | 7",
                "{\"reward_model\": {\"ground_truth\": 0.5}, \"answer\": 1} | 0.5",
                "{\"reward_model\": {\"ground_truth\": null}, \"answer\": 1} | 1",
                "{\"reward_model.ground_truth\": 3} | 3"
            })
    void shouldFindTheReference(String fields, String reference) throws Exception {
        assertThat(read(RowFormat.USUAL, fields.replaceFirst("\\{", "{\"prompt\": \"q\", "))
                        .reference())
                .isEqualTo(reference);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"role\": \"user\", \"content\": \"1\"}",
                "[]",
                "[\"1\"]",
                "[{\"role\": \"user\"}]",
                "[{\"role\": \"user\", \"content\": [1]}]",
                "[{\"role\": \"user\", \"content\": \"1\"}, {\"role\": \"assistant\", \"content\": \"2\"}]"
            })
    void shouldSayWhenMessagesAreMalformed(String prompt) {
        assertThatThrownBy(() -> read(RowFormat.USUAL, "{\"prompt\": " + prompt + ", \"answer\": 1}"))
                .isInstanceOf(BadRowException.class)
                .hasMessageStartingWith("has a malformed prompt: ");
    }

    @Test
    void shouldReadSourcesFromText() {
        assertThat(DatasetSource.parse("a/train.jsonl=2, b/train.parquet =0.5,c/x-*.parquet"))
                .isEqualTo(List.of(
                        new DatasetSource("a-train", "a/train.jsonl", 2.0),
                        new DatasetSource("b-train", "b/train.parquet", 0.5),
                        new DatasetSource("c", "c/x-*.parquet", null)));
        assertThatThrownBy(() -> DatasetSource.parse("a.jsonl=0")).hasMessageContaining("weight must be above 0");
        assertThatThrownBy(() -> DatasetSource.parse("a.jsonl,a.json")).hasMessageContaining("called 'a'");
        assertThatThrownBy(() -> DatasetSource.parse(" , ")).hasMessageContaining("names no file");
    }
}
