@NullMarked
package io.sppostream.sppo.verifiers;

import org.jspecify.annotations.NullMarked;
