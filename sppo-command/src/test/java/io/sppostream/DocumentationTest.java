package io.sppostream;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.cli.Main;
import io.sppostream.run.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

/** The pages that a reader follows lead somewhere: links, headings, paths of files, commands. */
class DocumentationTest {
    private static final Path ROOT = root();

    private static final int README_LINES = 180;

    private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)\\)|\\b(?:src|srcset|href)=\"([^\"]+)\"");
    private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern CODE = Pattern.compile("`([^`\\n]+)`");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+)$");
    private static final Pattern COMMAND = Pattern.compile("(?m)(?:^|[`$] ?)\\./sppo +([a-z|-]+)");

    /** Two or more names joined by slashes: what a path into the repository looks like. */
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?");

    /** Folders that runs make. */
    private static final List<String> MADE = List.of("runs", "evaluations", "data", ".sppo", "plugins", "target");

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("README.md"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("no README.md above " + Path.of("").toAbsolutePath());
        }
        return folder;
    }

    /** The pages by their path from the root. */
    private static Map<Path, String> pages() throws IOException {
        Map<Path, String> pages = new TreeMap<>();
        for (String name : List.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md")) {
            pages.put(Path.of(name), Files.readString(ROOT.resolve(name)));
        }
        for (String folder : List.of("docs", "examples")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".md")).toList()) {
                    pages.put(ROOT.relativize(file), Files.readString(file));
                }
            }
        }
        return pages;
    }

    /** Where the relative links of a page lead. */
    private static List<String> links(String page) {
        return LINK.matcher(FENCE.matcher(page).replaceAll(""))
                .results()
                .map(link -> link.group(1) == null ? link.group(2) : link.group(1))
                .filter(target -> URI.create(target).getScheme() == null)
                .toList();
    }

    /** The headings of a page as the anchors that GitHub makes of them. */
    private static List<String> anchors(String page) {
        return HEADING.matcher(FENCE.matcher(page).replaceAll(""))
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
                        .replaceAll("[^a-z0-9 _-]", "")
                        .replace(' ', '-'))
                .toList();
    }

    @Test
    void shouldLeadToAFileWhenALinkIsRelative() throws IOException {
        List<String> broken = new ArrayList<>();
        pages().forEach((page, text) -> {
            for (String link : links(text)) {
                String file = link.replaceFirst("#.*", "");
                Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
                if (!Files.exists(ROOT.resolve(target))) {
                    broken.add(page + ": " + link + " does not exist");
                } else if (link.contains("#") && target.toString().endsWith(".md")) {
                    String anchor = link.substring(link.indexOf('#') + 1);
                    if (!anchors(read(target)).contains(anchor)) {
                        broken.add(page + ": " + link + " has no such heading");
                    }
                }
            }
        });
        assertThat(broken).as("mend the link, or move the file back").isEmpty();
    }

    @Test
    void shouldNameAFileThatExistsWhenCodeIsAPath() throws IOException {
        List<String> broken = new ArrayList<>();
        pages().forEach((page, text) -> CODE.matcher(FENCE.matcher(text).replaceAll(""))
                .results()
                .map(code -> code.group(1))
                .filter(code -> PATH.matcher(code).matches())
                .filter(code -> !MADE.contains(code.substring(0, code.indexOf('/'))))
                .filter(code -> Files.exists(ROOT.resolve(code.substring(0, code.indexOf('/')))))
                .filter(code -> !Files.exists(ROOT.resolve(code)) && !code.contains("/target/"))
                .forEach(code -> broken.add(page + ": " + code)));
        assertThat(broken).as("these paths do not exist").isEmpty();
    }

    @Test
    void shouldNameACommandThatExistsWhenItIsShown() throws IOException {
        List<String> commands = commands();
        List<String> broken = new ArrayList<>();
        pages().forEach((page, text) -> COMMAND.matcher(text)
                .results()
                .map(command -> command.group(1))
                .flatMap(words -> Stream.of(words.split("\\|", -1)))
                .filter(word -> !word.startsWith("-") && !commands.contains(word))
                .forEach(word -> broken.add(page + ": ./sppo " + word)));
        assertThat(broken).as("these commands do not exist").isEmpty();
    }

    @Test
    void shouldBeReadInOneGoWhenItIsTheReadme() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(README_LINES);
    }

    private static List<String> commands() {
        return Stream.concat(
                        Stream.of(Main.class.getAnnotation(Command.class).subcommands())
                                .map(command ->
                                        command.getAnnotation(Command.class).name()),
                        Stream.of(Role.values()).map(Role::command))
                .toList();
    }

    private static String read(Path page) {
        try {
            return Files.readString(ROOT.resolve(page));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
