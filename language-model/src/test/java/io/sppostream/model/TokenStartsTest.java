package io.sppostream.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** With a byte-level BPE, whose first 256 tokens are the bytes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenStartsTest {
    private static final int END = 362;
    private static final int[] TOKEN_OF_BYTE = tokenOfByte();
    private static final String[] CHARACTERS = {
        "a", "7", " ", "\n", "\u00e9", "\u20ac", "\ud83d\ude00", "\u4e2d", "e\u0301", "\ud835\udd38"
    };

    private final Tokenizer tokenizer = Tokenizer.open(Path.of("src/test/resources/golden/qwen2-tiny"));

    @AfterAll
    void close() {
        tokenizer.close();
    }

    /** Byte-level tokenizers list printable bytes first, then the others. */
    private static int[] tokenOfByte() {
        int[] tokens = new int[256];
        int next = 0;
        for (boolean printable : new boolean[] {true, false}) {
            for (int b = 0; b < 256; b++) {
                boolean isPrintable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xFF && b != 0xAD);
                if (isPrintable == printable) {
                    tokens[b] = next++;
                }
            }
        }
        return tokens;
    }

    /** One token per byte. */
    private static int[] bytes(String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        return IntStream.range(0, utf8.length)
                .map(i -> TOKEN_OF_BYTE[utf8[i] & 0xFF])
                .toArray();
    }

    private static String text(SplittableRandom random, int characters) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < characters; i++) {
            text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        return text.toString();
    }

    /** The definition, in quadratic time. */
    private int[] commonPrefixes(int[] tokens) {
        String all = tokenizer.decode(tokens);
        return IntStream.range(0, tokens.length)
                .map(t -> {
                    String before = tokenizer.decode(Arrays.copyOf(tokens, t));
                    int same = 0;
                    while (same < before.length() && same < all.length() && before.charAt(same) == all.charAt(same)) {
                        same++;
                    }
                    return same;
                })
                .toArray();
    }

    @Test
    void shouldBeginInsideACharacterWhereTheCharacterBegins() {
        String text = "a\u00e9\u20ac\ud83d\ude00b";
        int[] tokens = bytes(text);
        assertThat(tokenizer.decode(tokens)).isEqualTo(text);
        assertThat(tokenizer.tokenStarts(tokens)).containsExactly(0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 5);
    }

    @Test
    void shouldCountEveryByteOfLongTexts() {
        SplittableRandom random = new SplittableRandom(1);
        String text = text(random, 400);
        List<Integer> expected = new ArrayList<>();
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int length = Character.toString(text.codePointAt(at)).getBytes(UTF_8).length;
            for (int i = 0; i < length; i++) {
                expected.add(at);
            }
        }
        assertThat(tokenizer.tokenStarts(bytes(text))).containsExactly(expected.toArray(Integer[]::new));
    }

    @Test
    void shouldAgreeWithTheDefinitionOnMergedTokens() {
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 20; i++) {
            int[] tokens = tokenizer.encodeText("the answer is " + text(random, i) + " then the other");
            assertThat(tokenizer.tokenStarts(tokens)).isEqualTo(commonPrefixes(tokens));
        }
    }

    @Test
    void shouldPlaceSpecialTokensWhereTheFollowingTextBegins() {
        int[] tokens = IntStream.concat(
                        IntStream.concat(IntStream.of(END), IntStream.of(bytes("\u20acx"))),
                        IntStream.of(END, bytes("y")[0], END, END))
                .toArray();
        assertThat(tokenizer.decode(tokens)).isEqualTo("\u20acxy");
        assertThat(tokenizer.tokenStarts(tokens)).containsExactly(0, 0, 0, 0, 1, 2, 2, 3, 3);
    }

    @Test
    void shouldAscendInBytesThatAreNoText() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 50; i++) {
            int[] tokens = random.ints(i, 0, END + 1).toArray();
            int[] starts = tokenizer.tokenStarts(tokens);
            assertThat(starts).hasSize(i).isSorted();
            assertThat(IntStream.of(starts).max().orElse(0))
                    .isLessThanOrEqualTo(tokenizer.decode(tokens).length());
        }
    }

    @Test
    void shouldHaveNoStartsWithoutTokens() {
        assertThat(tokenizer.tokenStarts(new int[0])).isEmpty();
    }
}
