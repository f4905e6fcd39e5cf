package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashesTest {

    /** The examples of FIPS 180, and the UTF-8 of a letter outside ASCII. */
    @ParameterizedTest
    @CsvSource({
        "'', e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "abc, ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "\u00e9, 4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    })
    void shouldGiveTheStandardsValues(String text, String hash) {
        assertThat(Hashes.sha256(text)).isEqualTo(hash);
    }

    @Test
    void shouldGiveTheSameWhenFedInPieces() {
        MessageDigest digest = Hashes.sha256();
        digest.update(new byte[] {'a', 'b'});
        digest.update((byte) 'c');
        assertThat(Hashes.hex(digest)).isEqualTo(Hashes.sha256("abc"));
    }
}
