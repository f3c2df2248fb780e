/* Random bytes for programs under Wine 8, which lacks this library of Windows: Rust's standard library imports
   `ProcessPrng` from it. Handed on to the generator that Wine has. Put into the tests' own prefix only. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG count); /* RtlGenRandom, advapi32 */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)
{
    const SIZE_T most = 1u << 30;
    while (count > 0) {
        ULONG part = (ULONG)(count < most ? count : most);
        if (!SystemFunction036(bytes, part))
            return FALSE;
        bytes += part;
        count -= part;
    }
    return TRUE;
}
