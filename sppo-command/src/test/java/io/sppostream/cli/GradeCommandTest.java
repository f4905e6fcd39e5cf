package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradeCommandTest {
    @TempDir
    Path directory;

    @Test
    void shouldAnswerInOrderWithTheInputsFieldsWhenCasesComeOnStandardInput() {
        Invocation grade = Invocation.reading("""
                {"id": 1.10, "gold": "0.5", "prediction": "\\\\frac{1}{2}", "wörter": ["ü"]}

                {"id": 2, "gold": 7, "response": "so \\\\boxed{8}"}
                {"id": 3, "gold": "7", "response": "it is 7"}
                {"id": 4, "gold": "\\\\frac{1}{2", "prediction": "7"}
                """, "grade");

        assertThat(grade.out()).isEqualTo("""
                {"id":1.10,"gold":"0.5","prediction":"\\\\frac{1}{2}","wörter":["ü"],"status":"CORRECT","reward":1.0,"extracted":"\\\\frac{1}{2}","rule":"rational"}
                {"id":2,"gold":7,"response":"so \\\\boxed{8}","status":"INCORRECT","reward":0.0,"extracted":"8","rule":"integer"}
                {"id":3,"gold":"7","response":"it is 7","status":"NO_ANSWER","reward":0.0,"extracted":null,"rule":"no-answer"}
                {"id":4,"gold":"\\\\frac{1}{2","prediction":"7","status":"UNPARSEABLE_REFERENCE","reward":null,"extracted":"7","rule":"syntax"}
                """);
        assertThat(grade.err()).isEqualTo("4 graded, 1 CORRECT, 1 INCORRECT, 1 NO_ANSWER, 1 UNPARSEABLE_REFERENCE\n");
        assertThat(grade.code()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[\"6\", \"7\"] | CORRECT",
                "[\"7\", \"\\\\frac{1}{2\"] | CORRECT",
                "[\"\\\\frac{1}{2\", \"6\"] | INCORRECT",
                "[\"\\\\frac{1}{2\"] | UNPARSEABLE_REFERENCE",
            })
    void shouldTakeTheBestVerdictWhenThereAreSeveralGolds(String golds, String status) {
        assertThat(Invocation.reading("{\"gold\": " + golds + ", \"prediction\": \"7\"}", "grade")
                        .out())
                .contains("\"status\":\"" + status + "\"");
    }

    @Test
    void shouldGradeByTheProfileWhenOneIsGiven() throws IOException {
        Path cases = Files.writeString(directory.resolve("cases.jsonl"), """
                {"gold": "72", "response": "so\\n#### 72"}
                """);

        assertThat(Invocation.of("grade", "--cases", cases.toString()).out()).contains("NO_ANSWER");
        assertThat(Invocation.of("grade", "--cases", cases.toString(), "--profile", "gsm8k")
                        .out())
                .contains("\"CORRECT\"");
    }

    @Test
    void shouldNameTheProfileThatFindsAnAnswerWhenMostResponsesHaveNone() {
        Invocation grade = Invocation.reading("""
                {"gold": "7", "response": "The answer is 7."}
                {"gold": "7", "response": "I don't know."}
                {"gold": "7", "response": "\\\\boxed{7}", "prompt": [{"role": "user", "content": "3 + 4?"}]}
                """, "grade");

        assertThat(grade.err())
                .isEqualTo(
                        "3 graded, 1 CORRECT, 2 NO_ANSWER; --profile math-verify finds an answer in 1 of the 2 without"
                                + " one\n");
    }

    @Test
    void shouldBeginWithThinkingWhenThePromptOpensIt() {
        String response = "\"gold\": \"7\", \"response\": \"so \\\\boxed{7}\"}\n";

        assertThat(Invocation.reading("{\"prompt\": \"3 + 4? <think>\\n\", " + response, "grade")
                        .out())
                .contains("\"NO_ANSWER\"");
        assertThat(Invocation.reading("{\"prompt\": \"3 + 4?\", " + response, "grade")
                        .out())
                .contains("\"CORRECT\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"gold\": \"7\" | is not JSON",
                "7 | is not a JSON object",
                "{\"gold\": \"7\", \"prediction\": \"7\"} {} | is not JSON",
                "{\"prediction\": \"7\"} | has no gold",
                "{\"gold\": null, \"prediction\": \"7\"} | has no gold",
                "{\"gold\": [], \"prediction\": \"7\"} | has no gold",
                "{\"gold\": [[]], \"prediction\": \"7\"} | has a gold that is neither text nor a number",
                "{\"gold\": \"7\", \"prediction\": {}} | has a prediction that is neither text nor a number",
                "{\"gold\": \"7\"} | has no prediction or response",
                "{\"gold\": \"7\", \"prediction\": \"7\", \"response\": \"7\"} | has both a prediction and a response",
            })
    void shouldNameTheLineWhenItIsNotACase(String line, String reason) {
        Invocation grade = Invocation.reading("{\"gold\": \"7\", \"prediction\": \"7\"}\n" + line + "\n", "grade");

        grade.assertRefused("standard input, line 2 " + reason);
        assertThat(grade.out().lines()).hasSize(1);
    }

    @Test
    void shouldNameTheLineWhenItIsNotUtf8() throws IOException {
        Path cases = Files.write(
                directory.resolve("cases.jsonl"), new byte[] {'{', '"', 'g', (byte) 0xff, '"', ':', '1', '}'});

        Invocation.of("grade", "--cases", cases.toString())
                .assertRefused(cases + ", line 1 is not JSON: Invalid UTF-8");
    }

    @Test
    void shouldNameTheFileWhenItIsMissing() {
        Path missing = directory.resolve("missing.jsonl");

        Invocation.of("grade", "--cases", missing.toString())
                .assertRefused(missing + " can't be read: there is no such file");
    }

    @Test
    void shouldListTheReferencesThatNoAnswerShouldBeJudgedByWhenChecking() throws IOException {
        Path dataset = Files.writeString(directory.resolve("dataset.jsonl"), """
                {"question": "?", "answer": "so\\n#### 72"}
                {"question": "?", "answer": "\\\\frac{1}{2"}
                {"question": "?", "answer": 7}
                {"question": "?", "gold": "22099999999999998951424", "answer": "1"}
                """);

        Invocation check = Invocation.of("grade", "--check-references", dataset.toString());

        assertThat(check.out()).isEqualTo("""
                {"line":2,"reference":"\\\\frac{1}{2","reason":"unparseable","detail":"syntax"}
                {"line":4,"reference":"22099999999999998951424","reason":"float-rounded","detail":"digits-of-a-float"}
                """);
        assertThat(check.err()).isEqualTo("4 references checked, 2 not fit to judge by\n");
        assertThat(check.code()).isZero();
    }

    @Test
    void shouldPrintTheCasesThatVerifiersDoNotAgreeOn() {
        Invocation compare =
                Invocation.reading("""
                {"id": 1, "gold": "0.5", "response": "\\\\boxed{\\\\frac{1}{2}}"}
                {"id": 2, "gold": "7", "response": "7"}
                {"id": 3, "gold": "7", "response": "8"}
                {"id": 4, "gold": ["\\\\frac{1}{2", "0.5"], "prediction": "\\\\frac{1}{2}"}
                {"id": 5, "gold": "7", "prediction": "7"}
                """, "grade", "--compare", "math,strict", "--set", "verifiers.strict.type=exact");

        assertThat(compare.err())
                .isEqualTo("5 compared (math / strict), 3 disagreements, 2 CORRECT / INCORRECT,"
                        + " 1 NO_ANSWER / CORRECT\n");
        assertThat(compare.out()).isEqualTo("""
                {"id":1,"gold":"0.5","response":"\\\\boxed{\\\\frac{1}{2}}","verdicts":{"math":{"status":"CORRECT","reward":1.0,"extracted":"\\\\frac{1}{2}","rule":"rational"},"strict":{"status":"INCORRECT","reward":0.0,"extracted":"\\\\boxed{\\\\frac{1}{2}}","rule":"exact"}}}
                {"id":2,"gold":"7","response":"7","verdicts":{"math":{"status":"NO_ANSWER","reward":0.0,"extracted":null,"rule":"no-answer"},"strict":{"status":"CORRECT","reward":1.0,"extracted":"7","rule":"exact"}}}
                {"id":4,"gold":["\\\\frac{1}{2","0.5"],"prediction":"\\\\frac{1}{2}","verdicts":{"math":{"status":"CORRECT","reward":1.0,"extracted":"\\\\frac{1}{2}","rule":"rational"},"strict":{"status":"INCORRECT","reward":0.0,"extracted":"\\\\frac{1}{2}","rule":"exact"}}}
                """);
        assertThat(compare.code()).isZero();
    }

    @Test
    void shouldRefuseToCompareWhatCannotBeCompared() {
        Invocation.of("grade", "--compare", "math").assertRefused("--compare takes two or more verifiers");
        Invocation.of("grade", "--compare", "math,oracle").assertRefused("there is no verifier 'oracle'");
        Invocation.of("grade", "--compare", "math,python", "--set", "verifiers.python.type=external")
                .assertRefused("verifier python is an external program");
        Invocation.reading("{\"gold\": 7}", "grade", "--compare", "math,exact")
                .assertRefused("standard input, line 1 has no prediction or response");
    }
}
