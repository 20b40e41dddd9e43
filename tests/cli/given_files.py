"""A few invented tables in files as the publisher names them: what the tests of the commands sync."""

from tests.tables_sample import (
    add_ons_txt,
    asc_csv,
    fee,
    fee_csv,
    gpci_csv,
    mue_csv,
    opps_csv,
    ptp_txt,
    zipped,
)

OPERATION = fee("20001", office="6.00", office_na="NA")  # 18.00 RVUs in a facility, not done in an office
SMALLER = fee("20002", work="4.00", days="000")  # 12.00 and 14.00
READING = fee("20003", "26", work="3.00", office="1.00", facility="1.00", malpractice="1.00", days="XXX")
OCTOBER = (OPERATION, SMALLER, fee("20003"), READING)
JULY = (fee("20001", work="11.00", office="6.00", office_na="NA"), SMALLER, fee("20004"))
PAIRS = [f"20009 2001{digit} 20180101 * 1" for digit in range(10)]
PAIRS += [f"20009 2002{digit} 20180101 * 0" for digit in range(4)]
FILES = {
    "rvu26d.zip": zipped(
        {
            "PPRRVU2026_Oct_nonQPP.csv": fee_csv(*OCTOBER),
            "PPRRVU2026_Oct_QPP.csv": fee_csv(fee("20001", office="6.00", office_na="NA", qpp=True)),
            "GPCI2026.csv": gpci_csv(
                "01112,CA,05,A CITY,1.000,1.400,0.500", "02102,AK,01,ALASKA*,1.500,1.065,0.551"
            ),
        }
    ),
    "PPRRVU2026_Jul.csv": fee_csv(*JULY, month="July"),
    "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv": mue_csv(
        "20001,2,3 Date of Service Edit: Clinical,Clinical: Data"
    ),
    "ccipra-v323r0-f1.txt": ptp_txt("20001 20002 20180101 * 1"),
    "ccipra-v323r0-f2.txt": ptp_txt("20003 20004 20180101 20231231 0"),
    "ccipra-v323r0-f3.txt": ptp_txt(*PAIRS),
    "ccipra-v323r0-f4.txt": ptp_txt("20005 20006 20180101 * 0"),
    "AOC_V2026Q1-MCR.txt": add_ons_txt("1 20004 20001"),
    "October 2026 ASC Addenda - Addendum AA.csv": asc_csv('20001,,,Y,G2,10.0,"$1,000.00"'),
    "2026 October Web Addendum B.csv": opps_csv('20001,,J1,5114,80.0,"$2,000.00",,,,,,,'),
}
