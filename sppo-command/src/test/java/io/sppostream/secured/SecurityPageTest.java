package io.sppostream.secured;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.cli.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SecurityPageTest {
    private static final String BEGIN = "<!-- ./sppo topics --acls --markdown -->\n";
    private static final String END = "<!-- end -->\n";

    private static String page() throws IOException {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/security.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "no docs/security.md above " + Path.of("").toAbsolutePath());
            }
        }
        return Files.readString(folder.resolve("docs/security.md"));
    }

    @Test
    void shouldHaveTheTableOfTheAccessCatalogue() throws IOException {
        String page = page();

        Invocation table = Invocation.of("topics", "--acls", "--markdown");

        assertThat(table.code()).as(table.err()).isZero();
        assertThat(page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END)))
                .as("put what ./sppo topics --acls --markdown prints into docs/security.md")
                .isEqualTo(table.out());
    }

    @Test
    void shouldPrintCommandsOfKafkasTool() {
        Invocation printed =
                Invocation.of("topics", "--acls", "--run=demo", "--role=verifier-plugin", "--principal=User:CN={role}");

        assertThat(printed.code()).as(printed.err()).isZero();
        assertThat(printed.out().lines())
                .contains(
                        "acls --allow-principal 'User:CN=verifier-plugin' --operation Read --topic demo.rollouts.v1",
                        "acls --allow-principal 'User:CN=verifier-plugin' --operation Write --topic demo.verdicts.v1",
                        "acls --allow-principal 'User:CN=verifier-plugin' --operation Read --group"
                                + " demo.reward-verifier. --resource-pattern-type prefixed")
                .noneMatch(line -> line.contains("training-steps"));
    }

    @Test
    void shouldRefuseAnUnknownRoleAndAPrincipalThatIsNone() {
        Invocation.of("topics", "--acls", "--role=judge").assertRefused("there is no role 'judge': feed, ");
        Invocation.of("topics", "--acls", "--principal=feed").assertRefused("principal 'feed' is not User:NAME");
        Invocation.of("topics", "--apply").assertRefusedButForTheBroker("need '--acls'");
    }
}
