@NullMarked
package io.sppostream.verifiers;

import org.jspecify.annotations.NullMarked;
