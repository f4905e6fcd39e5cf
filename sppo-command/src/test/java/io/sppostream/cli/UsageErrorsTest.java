package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageErrorsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    foo                                 | there is no command 'foo' (see ./sppo --help)
                    dlq foo                             | there is no command 'foo' (see ./sppo dlq --help)
                    dlq                                 | Missing required subcommand (see ./sppo dlq --help)
                    dlq list                            | Missing required option: '--run=NAME' (see ./sppo dlq list --help)
                    audit                               | Missing required option: '--run=NAME' (see ./sppo audit --help)
                    audit --run a b                     | unexpected argument 'b' (see ./sppo audit --help)
                    audit --run a --to-version 3        | option '--to-version' needs '--retrain' (see ./sppo audit --help)
                    inspect --run a                     | give the ID of a request or rollout, or '--step' (see ./sppo inspect --help)
                    inspect 1 --run a --step 2          | give an ID or '--step', not both (see ./sppo inspect --help)
                    train --set x                       | option '--set' needs SETTING=VALUE, got 'x' (see ./sppo train --help)
                    train --run a --run b               | option '--run' is given twice (see ./sppo train --help)
                    train --seed                        | option '--seed' needs a value: N (see ./sppo train --help)
                    train --foo                         | Unknown option: '--foo' (see ./sppo train --help)
                    topics                              | give --describe, --create, --register, --acls or --strimzi (see ./sppo topics --help)
                    pretrain --output x --steps x       | Invalid value for option '--steps': 'x' is not an int (see ./sppo pretrain --help)
                    replay --from a --into b --to-time x | Invalid value for option '--to-time': 'x' is not a time such as 2026-01-02T03:04:05Z (see ./sppo replay --help)
                    """)
    void shouldSayWhatIsWrongAndWhichHelpToRead(String arguments, String message) {
        Invocation wrong = Invocation.of(arguments.split(" "));

        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).isEqualTo("sppo: " + message + "\n");
    }
}
